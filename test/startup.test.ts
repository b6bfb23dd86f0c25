import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** Libraries that may be loaded only when they are used. */
const LATE =
  /node_modules\/(?:zod|undici|yaml|simple-git|p-queue|cli-table3|@aws-sdk|@azure|@kubernetes)\//;

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "tidemark-startup-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe("starting up", () => {
  it.each([["--version"], ["--help"], ["cleanup", "--help"]])(
    "loads no late library for %s",
    (...words) => {
      const loaded = modulesOf(words);

      expect(loaded.filter((url) => LATE.test(url))).toEqual([]);
    },
  );

  it("loads no library at all for --version", () => {
    expect(modulesOf(["--version"]).filter((url) => url.includes("node_modules"))).toEqual([]);
  });

  it("records what is loaded", () => {
    expect(modulesOf(["--help"]).some((url) => url.includes("node_modules/commander/"))).toBe(true);
  });
});

/** URLs of every module that the command line resolves. */
function modulesOf(words: readonly string[]): string[] {
  const log = join(dir, "modules");
  const hook = join(dir, "hook.mjs");
  writeFileSync(log, "");
  writeFileSync(
    hook,
    `import { appendFileSync } from "node:fs";
     import { registerHooks } from "node:module";
     registerHooks({ resolve(specifier, context, next) {
       const found = next(specifier, context);
       appendFileSync(${JSON.stringify(log)}, found.url + "\\n");
       return found;
     } });`,
  );
  execFileSync(process.execPath, [
    "--import",
    pathToFileURL(hook).href,
    "bin/tidemark.js",
    ...words,
  ]);
  return readFileSync(log, "utf8").split("\n");
}
