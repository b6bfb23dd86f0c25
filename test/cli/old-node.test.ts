import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runTidemark } from "./run.ts";

const SYSTEM_NODE = "/usr/bin/node";
const version = await versionOf(SYSTEM_NODE);
const isOld = version !== undefined && Number(version.split(".")[0]) < 22;

describe.skipIf(!isOld)(`on Node ${version ?? "(the system has none)"}`, () => {
  it.each([["--version"], ["cleanup", "--repo", "reg.test/shop"]])(
    "says in one line that it needs a newer one: %s",
    async (...args) => {
      const run = await runTidemark(args, { home: "/tmp", node: SYSTEM_NODE });

      expect(run).toEqual({
        exit: 2,
        stdout: "",
        stderr: `tidemark: needs Node.js 22.19 or newer, this is ${version}; install a newer one, or run it by npx in a project that has it\n`,
      });
    },
  );
});

async function versionOf(node: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(node, ["--version"]);
    return stdout.trim().slice(1);
  } catch {
    return undefined;
  }
}
