import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatIndexFile, parseIndexFile } from "../../../src/layout/index-file.ts";
import { image, open, push, scratch, tagsOf } from "./fixture.ts";
import type { Scratch } from "./fixture.ts";

describe("the log of a run that was killed", () => {
  it("is read up to its last whole line, wherever its end was cut, and written on", async () => {
    await using place = await scratch();
    const { states, log, index, ends } = await interrupted(place);
    const extra = image("extra");
    const first = ends[0] ?? 0;
    for (let cut = first; cut <= log.length; cut += 1) {
      await writeFile(join(place.path, ".tidemark", "log"), log.subarray(0, cut));
      await writeFile(join(place.path, "index.json"), index);
      const lines = ends.filter((end) => end <= cut).length;

      const registry = await open();
      expect(await tagsOf(registry, place.repository)).toEqual(states[lines]);
      if (cut % 53 !== 0) continue;
      const digest = await push(registry, place.repository, { content: extra, tag: "extra" });
      expect(await tagsOf(await open(), place.repository)).toEqual({
        ...states[lines],
        extra: digest,
      });
      await registry[Symbol.asyncDispose]();
      expect(await tagsOf(await open(), place.repository)).toEqual({
        ...states[lines],
        extra: digest,
      });
    }
  });

  it("is refused when a byte in its middle changed", async () => {
    await using place = await scratch();
    const { log, ends } = await interrupted(place);
    const damagedLog = Buffer.from(log);
    damagedLog[(ends[0] ?? 0) + 40] = 0x21;
    await writeFile(join(place.path, ".tidemark", "log"), damagedLog);
    const registry = await open();

    const listing = tagsOf(registry, place.repository);

    await expect(listing).rejects.toMatchObject({ code: "protocol" });
  });

  it("is carried out once: what another tool did after it was folded stays", async () => {
    await using place = await scratch();
    const { log } = await interrupted(place);
    const folding = await open();
    await push(folding, place.repository, { content: image("extra"), tag: "extra" });
    await folding[Symbol.asyncDispose]();
    const before = await tagsOf(await open(), place.repository);

    await writeFile(join(place.path, ".tidemark", "log"), log);
    await retag(place, "back", image("0").digest);
    await retag(place, "t0", image("1").digest);

    expect(await tagsOf(await open(), place.repository)).toEqual({
      ...before,
      back: image("0").digest,
      t0: image("1").digest,
    });
  });

  it("applies on top of an index.json that another tool rewrote", async () => {
    await using place = await scratch();
    const { states } = await interrupted(place);
    await retag(place, "theirs", image("1").digest);
    const expected = { ...states.at(-1), theirs: image("1").digest };

    expect(await tagsOf(await open(), place.repository)).toEqual(expected);
    const registry = await open();
    const digest = await push(registry, place.repository, { content: image("2"), tag: "ours" });
    await registry[Symbol.asyncDispose]();

    expect(await tagsOf(await open(), place.repository)).toEqual({ ...expected, ours: digest });
  });
});

describe("index.json", () => {
  it("keeps what this version does not know", () => {
    const text = JSON.stringify({
      schemaVersion: 2,
      artifactType: "application/theirs",
      manifests: [
        {
          mediaType: "application/xml",
          digest: `sha256:${"a".repeat(64)}`,
          size: 7,
          urls: ["https://example.test/a"],
          platform: { os: "linux", architecture: "arm64", variant: "v8" },
          annotations: { theirs: "1", "org.opencontainers.image.ref.name": "docker.io/a:1" },
        },
      ],
      annotations: { theirs: "2" },
    });

    const file = parseIndexFile(text);

    if (typeof file === "string") throw new Error(file);
    expect(JSON.parse(formatIndexFile(file))).toEqual(JSON.parse(text));
  });
});

/**
 * A layout whose last run did not end: index.json without tags, and a log of several calls. `states[n]` is
 * what the tags are after n lines, `ends[n - 1]` where the nth line ends, the first being the log's head
 * and the first call together.
 */
async function interrupted(place: Scratch): Promise<{
  readonly states: readonly Record<string, string>[];
  readonly log: Buffer;
  readonly index: string;
  readonly ends: readonly number[];
}> {
  const registry = await open();
  const states: Record<string, string>[] = [{}];
  const ends: number[] = [];
  const path = join(place.path, ".tidemark", "log");
  const step = async (): Promise<void> => {
    states.push(await tagsOf(registry, place.repository));
    ends.push((await readFile(path)).length);
  };
  for (const name of ["0", "1"]) {
    await push(registry, place.repository, { content: image(name), tag: `t${name}` });
    await step();
  }
  await Array.fromAsync(registry.deleteTags(place.repository, ["t0", "t1"]));
  await step();
  await push(registry, place.repository, { content: image("1"), tag: "t1" });
  await step();
  const index = await readFile(join(place.path, "index.json"), "utf8");
  return { states, log: await readFile(path), index, ends };
}

/** Rewrites index.json in place, as other tools do. */
async function retag(place: Scratch, tag: string, digest: string): Promise<void> {
  const path = join(place.path, "index.json");
  const json = JSON.parse(await readFile(path, "utf8"));
  const name = "org.opencontainers.image.ref.name";
  const others = json.manifests.filter(
    (entry: { readonly annotations?: Record<string, string> }) => entry.annotations?.[name] !== tag,
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const entry = { mediaType, digest, size: 1, annotations: { [name]: tag } };
  await writeFile(path, JSON.stringify({ ...json, manifests: [...others, entry] }));
}
