import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { image, index, open, push, scratch, tagsOf } from "./fixture.ts";

const run = promisify(execFile);
const hasSkopeo = spawnSync("skopeo", ["--version"]).status === 0;

describe.skipIf(!hasSkopeo)("skopeo, where it is installed", () => {
  it("reads every tag that was written, and its blobs", async () => {
    await using place = await scratch();
    const registry = await open();
    const child = image("child");
    const contents = { one: image("one"), two: image("two"), all: index([child]) };
    await push(registry, place.repository, { content: child });
    for (const [tag, content] of Object.entries(contents)) {
      await push(registry, place.repository, { content, tag });
    }
    await Array.fromAsync(registry.deleteTags(place.repository, ["two"]));
    await registry[Symbol.asyncDispose]();

    const one = await skopeo("inspect", "--raw", `oci:${place.path}:one`);
    const all = await skopeo("inspect", "--raw", `oci:${place.path}:all`);
    const two = skopeo("inspect", "--raw", `oci:${place.path}:two`);

    expect(one).toBe(new TextDecoder().decode(contents.one.bytes));
    expect(all).toBe(new TextDecoder().decode(contents.all.bytes));
    await expect(two).rejects.toThrow(/two/);
    await skopeo(
      "copy",
      "--preserve-digests",
      `oci:${place.path}:one`,
      `oci:${place.path}-copy:again`,
    );
    const copy = { host: "oci", name: `${place.path}-copy` };
    expect(await tagsOf(await open(), copy)).toEqual({ again: contents.one.digest });
  });

  it("writes between two runs, one of them killed, and no tag is lost", async () => {
    await using place = await scratch();
    await using source = await scratch();
    const theirs = await open();
    const digest = await push(theirs, source.repository, { content: image("theirs"), tag: "a" });
    await theirs[Symbol.asyncDispose]();
    const first = await open();
    const one = await push(first, place.repository, { content: image("one"), tag: "one" });
    await push(first, place.repository, { content: image("two"), tag: "two" });
    await first[Symbol.asyncDispose]();
    const killed = await open();
    await Array.fromAsync(killed.deleteTags(place.repository, ["two"]));
    const three = await push(killed, place.repository, { content: image("three"), tag: "three" });

    await skopeo("copy", "--preserve-digests", `oci:${source.path}:a`, `oci:${place.path}:theirs`);

    const expected = { one, theirs: digest, three };
    expect(await tagsOf(await open(), place.repository)).toEqual(expected);
    const last = await open();
    const four = await push(last, place.repository, { content: image("four"), tag: "four" });
    await last.collectGarbage(place.repository, { graceMs: 0 });
    await last[Symbol.asyncDispose]();
    expect(await tagsOf(await open(), place.repository)).toEqual({ ...expected, four });
    await skopeo(
      "copy",
      "--preserve-digests",
      `oci:${place.path}:theirs`,
      `oci:${source.path}:back`,
    );
  });

  it("writes an entry without a tag, which stays", async () => {
    await using place = await scratch();
    await using source = await scratch();
    const theirs = await open();
    const digest = await push(theirs, source.repository, { content: image("theirs"), tag: "a" });
    await theirs[Symbol.asyncDispose]();
    await skopeo("copy", "--preserve-digests", `oci:${source.path}:a`, `oci:${place.path}`);
    const registry = await open();
    await push(registry, place.repository, { content: image("one"), tag: "one" });

    await registry.collectGarbage(place.repository, { graceMs: 0 });

    expect((await registry.getManifest({ ...place.repository, digest })).digest).toBe(digest);
  });
});

async function skopeo(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("skopeo", ["--insecure-policy", ...args]);
  return stdout;
}
