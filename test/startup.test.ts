import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorld } from "./cli/world.ts";

/** Libraries that may be loaded only when they are used. */
const LATE =
  /node_modules\/(?:zod|undici|yaml|simple-git|p-queue|cli-table3|fastify|pg|prom-client|@aws-sdk|@azure|@octokit|@kubernetes)\//;

/** Libraries of single implementations. */
const VENDORS = /node_modules\/(?:@aws-sdk|@aws-crypto|@smithy|@azure|@octokit)\//;

/** A module of an adapter, and one that is loaded only when the adapter is opened. */
const ADAPTER = /\/adapters\/[a-z]+\/[^/]+$/;
const OPENED = /\/adapters\/[a-z]+\/(?!detect\.|options\.)[^/]+$/;
const PLAIN = /\/adapters\/default\//;

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "tidemark-startup-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe("starting up", () => {
  it.each([["--version"], ["--help"], ["cleanup", "--help"], ["publish", "--help"]])(
    "loads no late library for %s",
    (...words) => {
      const loaded = modulesOf(words);

      expect(loaded.filter((url) => LATE.test(url))).toEqual([]);
    },
  );

  it("loads no library at all for --version", () => {
    expect(modulesOf(["--version"]).filter((url) => url.includes("node_modules"))).toEqual([]);
  });

  it.each([["--help"], ["cleanup", "--help"], ["registry", "detect", "--help"]])(
    "loads of each adapter only what tells hosts apart and options for %s",
    (...words) => {
      const loaded = modulesOf(words);

      expect(loaded.filter((url) => ADAPTER.test(url)).length).toBeGreaterThan(0);
      expect(loaded.filter((url) => OPENED.test(url))).toEqual([]);
    },
  );

  it("loads no vendor's library and no other adapter for a cleanup of a plain registry", async () => {
    await using world = await openWorld();

    const run = await world.run(["cleanup", "--quiet"], { env: { NODE_OPTIONS: recorded() } });
    const loaded = recordedModules();

    expect(run.exit).toBe(0);
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
    expect(loaded.filter((url) => VENDORS.test(url))).toEqual([]);
    expect(loaded.filter((url) => OPENED.test(url) && !PLAIN.test(url))).toEqual([]);
    expect(loaded.some((url) => PLAIN.test(url))).toBe(true);
  });

  it("records what is loaded", () => {
    expect(modulesOf(["--help"]).some((url) => url.includes("node_modules/commander/"))).toBe(true);
  });
});

/** URLs of every module that the command line resolves. */
function modulesOf(words: readonly string[]): string[] {
  execFileSync(process.execPath, [recorded(), "bin/tidemark.js", ...words]);
  return recordedModules();
}

/** The option of Node that makes a process write down what it resolves. */
function recorded(): string {
  const hook = join(dir, "hook.mjs");
  writeFileSync(log(), "");
  writeFileSync(
    hook,
    `import { appendFileSync } from "node:fs";
     import { registerHooks } from "node:module";
     registerHooks({ resolve(specifier, context, next) {
       const found = next(specifier, context);
       appendFileSync(${JSON.stringify(log())}, found.url + "\\n");
       return found;
     } });`,
  );
  return `--import=${pathToFileURL(hook).href}`;
}

function recordedModules(): string[] {
  return readFileSync(log(), "utf8").split("\n");
}

function log(): string {
  return join(dir, "modules");
}
