import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import { open, push, tagsOf } from "./fixture.ts";
import { scratch } from "./scratch.ts";

const run = promisify(execFile);
const hasSkopeo = spawnSync("skopeo", ["--version"]).status === 0;

const ONE = imageOf({ layers: ["base", "one"] });
const TWO = imageOf({ layers: ["base", "two"] });
const ALL = indexOf([ONE, TWO]);

describe.skipIf(!hasSkopeo)("skopeo, where it is installed", () => {
  it("reads every tag that was written, also after the archive was extended", async () => {
    const { directory, path, repository } = await scratch();
    for (const [tag, image] of Object.entries({ one: ONE, all: ALL, two: TWO })) {
      const registry = await open();
      await push(registry, repository, { image, tag });
      await registry[Symbol.asyncDispose]();
    }

    for (const [tag, image] of Object.entries({ one: ONE, all: ALL, two: TWO })) {
      const raw = await skopeo("inspect", "--raw", `oci-archive:${path}:${tag}`);
      expect(raw).toBe(Buffer.from(image.bytes).toString());
    }
    const copy = join(directory, "copy");
    await skopeo("copy", "--preserve-digests", `oci-archive:${path}:two`, `oci:${copy}:two`);
    expect(await skopeo("inspect", "--raw", `oci:${copy}:two`)).toBe(
      Buffer.from(TWO.bytes).toString(),
    );
  });

  it("writes what is read, and what is extended stays readable for it", async () => {
    const { directory, path, repository } = await scratch();
    const source = join(directory, "source.tar");
    const registry = await open();
    const from = { host: "archive", name: source };
    await push(registry, from, { image: ALL, tag: "all" });
    await registry[Symbol.asyncDispose]();
    await skopeo(
      "copy",
      "--all",
      "--preserve-digests",
      `oci-archive:${source}:all`,
      `oci-archive:${path}:theirs`,
    );
    expect(await tagsOf(repository)).toEqual({ theirs: ALL.digest });

    const extended = await open();
    const ours = imageOf({ layers: ["base", "ours"] });
    const read = await push(extended, repository, { image: ours, tag: "ours" });
    await extended[Symbol.asyncDispose]();

    expect(read).not.toContain(ONE.blobs[1]?.digest);
    expect(await tagsOf(repository)).toEqual({ theirs: ALL.digest, ours: ours.digest });
    for (const [tag, image] of Object.entries({ theirs: ALL, ours })) {
      const raw = await skopeo("inspect", "--raw", `oci-archive:${path}:${tag}`);
      expect(raw).toBe(Buffer.from(image.bytes).toString());
    }
  });
});

async function skopeo(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("skopeo", [...args]);
  return stdout;
}
