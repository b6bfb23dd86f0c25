import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

import { describe, expect, it } from "vitest";

/** Who may import whom. A layer that is not listed on the right is out of reach. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "src/oci": [],
  "src/http": [],
  "src/git": [],
  "src/config": [],
  "src/stages": ["src/oci"],
  "src/registry": ["src/oci", "src/http"],
  "src/events": ["src/oci", "src/registry", "src/http"],
  "src/credentials": ["src/oci", "src/http", "src/registry", "src/stages"],
  "src/usage": ["src/oci", "src/http", "src/registry", "src/stages"],
  "src/journal": ["src/oci", "src/http", "src/registry", "src/stages"],
  "src/locks": ["src/oci", "src/http", "src/registry", "src/stages"],
  "src/tar": [],
  "src/layout": ["src/oci", "src/registry"],
  "src/sources": ["src/oci", "src/registry", "src/stages", "src/tar"],
  "src/server": ["src/locks", "src/http/redact.ts"],
  "src/ci": [],
  "src/distribution": ["src/oci", "src/http", "src/registry"],
  "src/engine": ["src/oci", "src/registry", "src/stages"],
  "src/commands": [
    "src/oci",
    "src/http/client.ts",
    "src/registry",
    "src/git",
    "src/engine",
    "src/events",
    "src/config",
    "src/stages",
    "src/journal",
    "src/locks",
    "src/sources",
    "src/usage",
  ],
  "src/report": [
    "src/oci",
    "src/registry",
    "src/stages",
    "src/engine",
    "src/commands/cleanup/result.ts",
    "src/commands/publish/published.ts",
  ],
  "src/compose": ["src/", "adapters/index.ts"],
  "src/cli": ["src/"],
  "adapters/index.ts": ["src/registry", "adapters/"],
  "adapters/*": [
    "src/oci",
    "src/http",
    "src/registry",
    "src/distribution",
    "src/layout",
    "src/tar",
  ],
};

const IMPORT = /(?:from|import)\s*\(?\s*"(?<path>\.[^"]+)"/g;

const VENDORS =
  /\b(?:ecr|acr|docker ?hub|github|ghcr|gitlab|harbor|quay|artifactory|jfrog|nexus|gcr)\b/i;

/** Words that people write in CI, not registries: exports of CI systems live in `src/ci`. */
const MAY_NAME_VENDORS = /^src\/(?:ci|cli)\//;

const files = globSync("{src,adapters}/**/*.ts").sort();

describe("imports point one way", () => {
  it.each(files)("%s", (file) => {
    const layer = layerOf(file);
    const rule = ALLOWED[layer] ?? ALLOWED[layer.replace(/^adapters\/.*/, "adapters/*")];
    expect(rule, `no rule for ${layer}`).toBeDefined();
    const allowed = [layer, ...(rule ?? [])];
    const outOfReach = [...readFileSync(file, "utf8").matchAll(IMPORT)]
      .map((match) => normalize(join(dirname(file), match.groups?.["path"] ?? "")))
      .filter((target) => !allowed.some((prefix) => target.startsWith(prefix)));

    expect(outOfReach).toEqual([]);
  });
});

describe("the engine is pure", () => {
  it.each(files.filter((file) => file.startsWith("src/engine/")))("%s", (file) => {
    const text = readFileSync(file, "utf8");

    expect(text).not.toMatch(/from "node:|Date\.now\(|new Date\(\)|Math\.random\(/);
  });
});

describe("nothing under src names a registry vendor in code", () => {
  it.each(files.filter((file) => file.startsWith("src/") && !MAY_NAME_VENDORS.test(file)))(
    "%s",
    (file) => {
      const code = withoutComments(readFileSync(file, "utf8"));

      expect(code.match(VENDORS)?.[0]).toBeUndefined();
    },
  );
});

it("there is no room without a name", () => {
  const rooms = files.filter((file) =>
    /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\.ts|\/)/.test(file),
  );

  expect(rooms).toEqual([]);
});

/** `src/engine/cleanup/plan.ts` → `src/engine`; `adapters/layout/adapter.ts` → `adapters/layout`. */
function layerOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
