import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/error.ts";
import { loadConfig } from "../../src/config/load.ts";

describe("loadConfig", () => {
  it("applies every default", async () => {
    const dir = await project({ "tidemark.yaml": "configVersion: 1\nproject: app\n" });

    const config = await loadConfig({ dir });

    expect(config).toMatchObject({
      path: join(dir, "tidemark.yaml"),
      project: "app",
      cleanup: {
        disabled: false,
        kubernetes: true,
        gitHistory: true,
        keepBuiltWithinHours: 2,
        builtInPolicies: true,
      },
      git: { fetch: true, allowShallow: false },
    });
    expect(config.cleanup.keepPolicies.map(({ references }) => references.pattern)).toEqual([
      "/.*/",
      "/.*/",
      "/main|master|staging|production/",
    ]);
    expect(Object.isFrozen(config.cleanup.keepPolicies)).toBe(true);
  });

  it("reads policies with their limits", async () => {
    const dir = await project({
      "tidemark.yaml": `
configVersion: 1
project: app
cleanup:
  keepImagesBuiltWithinLastNHours: 48
  keepPolicies:
    - references: { branch: "/main|master/", limit: { last: 3, in: 168h, operator: Or } }
      imagesPerReference: { in: 1h30m, operator: Or }
    - references: { tag: v1.0 }
      imagesPerReference: { last: -7 }
`,
    });

    const { cleanup } = await loadConfig({ dir });

    expect(cleanup.keepBuiltWithinHours).toBe(48);
    expect(cleanup.keepPolicies).toEqual([
      {
        references: {
          kind: "branch",
          pattern: "/main|master/",
          regexp: "^(?:main|master)$",
          flags: "v",
          limit: { last: 3, inMs: 604_800_000, operator: "Or" },
        },
        imagesPerReference: { last: 1, inMs: 5_400_000, operator: "Or" },
      },
      {
        references: {
          kind: "tag",
          pattern: "v1.0",
          regexp: "^(?:v1\\u{2e}0)$",
          flags: "v",
          limit: { last: undefined, inMs: undefined, operator: "And" },
        },
        imagesPerReference: { last: -1, inMs: undefined, operator: "And" },
      },
    ]);
  });

  it("counts an age policy that is switched off as zero hours", async () => {
    const dir = await project({
      "tidemark.yaml":
        "configVersion: 1\nproject: app\ncleanup: {disableBuiltWithinLastNHoursPolicy: true, keepImagesBuiltWithinLastNHours: 9}\n",
    });

    const config = await loadConfig({ dir });

    expect(config.cleanup.keepBuiltWithinHours).toBe(0);
  });

  it("takes empty fields as absent", async () => {
    const dir = await project({
      "tidemark.yaml": "configVersion: 1\nproject: app\ncleanup:\ngitWorktree:\n",
    });

    const config = await loadConfig({ dir });

    expect(config.cleanup.builtInPolicies).toBe(true);
  });

  it("prefers tidemark.yaml to werf.yaml, and a named file to both", async () => {
    const dir = await project({
      "tidemark.yaml": "configVersion: 1\nproject: ours\n",
      "werf.yaml": "configVersion: 1\nproject: werfs\n",
      "other.yaml": "configVersion: 1\nproject: named\n",
    });

    const found = await loadConfig({ dir });
    const named = await loadConfig({ dir, path: join(dir, "other.yaml") });

    expect([found.project, named.project]).toEqual(["ours", "named"]);
  });

  it("names what it looked for when there is no file", async () => {
    const dir = await project({});

    expect(await refusal(dir)).toBe(
      `${dir}: no configuration: looked for tidemark.yaml, tidemark.yml, werf.yaml, werf.yml (write one, or name one with --config)`,
    );
  });

  it("names a file that is not there", async () => {
    const dir = await project({});
    const path = join(dir, "none.yaml");

    await expect(loadConfig({ dir, path })).rejects.toThrow(
      `${path}: there is no such file (name another with --config)`,
    );
  });
});

describe("a werf.yaml", () => {
  it("is read at its meta document only", async () => {
    const dir = await project({
      "werf.yaml": `{{ define "x" }}{{ end }}
---
configVersion: 1
project: app
build:
  platform: [linux/amd64]
deploy: {namespace: x}
gitWorktree:
  allowFetchOriginBranchesAndTags: false
  forceShallowClone: true
---
{{ range $name := list "a" "b" }}
image: {{ $name }}
  project: this is no YAML: at all
{{ end }}
---
image: null
dockerfile: Dockerfile
`,
    });

    const config = await loadConfig({ dir });

    expect(config.project).toBe("app");
    expect(config.git).toEqual({ fetch: false, allowShallow: true });
  });

  it("may be JSON", async () => {
    const meta = JSON.stringify({ configVersion: 1, project: "app" }, null, 2);
    const dir = await project({ "werf.yaml": `${meta}\n---\nimage: a\ndockerfile: Dockerfile\n` });

    const config = await loadConfig({ dir });

    expect(config.project).toBe("app");
  });

  it("is refused when its meta document is a template", async () => {
    const dir = await project({
      "werf.yaml": 'image: a\n---\nconfigVersion: 1\nproject: {{ env "P" }}\n',
    });

    expect(await refusal(dir)).toBe(
      `${join(dir, "werf.yaml")}:4:10: a template inside the meta document is not evaluated (save the output of \`werf config render\` and name that file with --config)`,
    );
  });

  it("is refused without a meta document", async () => {
    const dir = await project({ "werf.yaml": "image: a\n  project: nested\n" });

    expect(await refusal(dir)).toContain("no document has configVersion and project");
  });

  it("is refused with two meta documents", async () => {
    const dir = await project({
      "werf.yaml": "configVersion: 1\nproject: a\n---\nconfigVersion: 1\nproject: b\n",
    });

    expect(await refusal(dir)).toContain(
      "werf.yaml:3:1: a second document has configVersion or project (keep one)",
    );
  });

  it("reports lines of the file, not of the document", async () => {
    const dir = await project({
      "werf.yaml": "image: a\n---\nconfigVersion: 1\nproject: app\nclean: {}\n",
    });

    expect(await refusal(dir)).toContain(
      "werf.yaml:5:1: clean: unknown key (did you mean cleanup?)",
    );
  });
});

describe("a wrong tidemark.yaml", () => {
  it.each([
    ["project: app", "1:1: configVersion: has to be 1 (write configVersion: 1)"],
    ["configVersion: 1", "1:1: project: has to be a name (write project: NAME)"],
    [
      "configVersion: 1\nproject: App",
      "2:10: project: is no project name (lower-case letters, digits, and dashes between them)",
    ],
    [`configVersion: 1\nproject: ${"a".repeat(51)}`, "2:10: project: is longer than 50 characters"],
    [
      cleanup("keepPolicys: []"),
      "3:11: cleanup.keepPolicys: unknown key (did you mean keepPolicies?)",
    ],
    [
      "configVersion: 1\nproject: app\nbuild: {}",
      "3:1: build: unknown key (known: configVersion, project, images, cleanup, usage, gitWorktree)",
    ],
    [cleanup("disable: yes"), "3:20: cleanup.disable: is neither true nor false"],
    [
      cleanup("keepImagesBuiltWithinLastNHours: -1"),
      "3:44: cleanup.keepImagesBuiltWithinLastNHours: is negative (0 switches the policy off)",
    ],
    [policy("{branch: a, tag: b}"), "names neither or both of branch and tag (write exactly one)"],
    [policy("{}"), "names neither or both of branch and tag (write exactly one)"],
    [policy('{branch: "/(/"}'), "it has a ( that is never closed"],
    [policy("{branch: 1}"), "is no name or /regexp/ (put it in quotes)"],
    [
      policy("{branch: a, limit: {in: 999999d}}"),
      'duration "999999d" has the unknown unit "d" (write 24h for a day)',
    ],
    [policy("{branch: a, limit: {operator: or}}"), "is neither And nor Or"],
    [policy("{branch: a, limit: {lst: 1}}"), "unknown key (did you mean last?)"],
    ["configVersion: 1\nproject: [", "2:11: "],
    ["configVersion: 1\nproject: a\nproject: b", "3:1: Map keys must be unique"],
    ["configVersion: 1\nproject: a\n---\nproject: b", "Source contains multiple documents"],
    ["", "is no mapping (write configVersion: 1 and project: NAME)"],
  ])("%j is refused", async (content, expected) => {
    const dir = await project({ "tidemark.yaml": content });

    expect(await refusal(dir)).toContain(expected);
  });

  it("is refused with all its problems, one a line, in the order of the file", async () => {
    const dir = await project({
      "tidemark.yaml": `configVersion: 2
projekt: app
cleanup:
  keepPolicies:
    - references: {branch: main, tag: v1, limit: {in: 1d, operator: Xor}}
      imagesPerReference: {last: many}
`,
    });

    expect((await refusal(dir)).replaceAll(join(dir, "tidemark.yaml"), "F").split("\n")).toEqual([
      "F:1:1: project: has to be a name (write project: NAME)",
      "F:1:16: configVersion: has to be 1 (write configVersion: 1)",
      "F:2:1: projekt: unknown key (did you mean project?)",
      "F:5:19: cleanup.keepPolicies[0].references: names neither or both of branch and tag (write exactly one)",
      'F:5:55: cleanup.keepPolicies[0].references.limit.in: duration "1d" has the unknown unit "d" (write 24h for a day)',
      "F:5:69: cleanup.keepPolicies[0].references.limit.operator: is neither And nor Or",
      "F:6:34: cleanup.keepPolicies[0].imagesPerReference.last: is no whole number",
    ]);
  });
});

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-config-"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  return dir;
}

async function refusal(dir: string): Promise<string> {
  try {
    await loadConfig({ dir });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

function cleanup(field: string): string {
  return `configVersion: 1\nproject: app\ncleanup: {${field}}`;
}

function policy(references: string): string {
  return cleanup(`keepPolicies: [{references: ${references}}]`);
}
