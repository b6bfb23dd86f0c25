import { mkdir, readFile, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currentOwner, formatOwner } from "../../../src/layout/owner.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP } from "../../../src/oci/media-type.ts";
import { image, index, json, open, push, scratch } from "./fixture.ts";
import type { Content } from "./fixture.ts";

const HOUR_MS = 3_600_000;

describe("collectGarbage", () => {
  it("leaves exactly what is reachable, over random graphs", async () => {
    await fc.assert(
      fc.asyncProperty(graphs(), async ({ nodes, tagged, untagged, deleted }) => {
        await using place = await scratch();
        const contents = await writeGraph(place.path, { nodes, tagged, untagged });
        const registry = await open();
        const going = deleted.flatMap((at) => contents[at]?.digest ?? []);
        await Array.fromAsync(registry.deleteManifests(place.repository, going));
        const before = await blobsOf(place.path);
        const gone = new Set(going);
        const roots = [...tagged, ...untagged]
          .flatMap((at) => contents[at]?.digest ?? [])
          .filter((digest) => !gone.has(digest));
        const expected = reachable(roots, before);

        const { blobs } = await registry.collectGarbage(place.repository, { graceMs: 0 });

        const after = await blobsOf(place.path);
        expect([...after.keys()].toSorted()).toEqual(expected.toSorted());
        expect(blobs).toBe(before.size - after.size);
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  it("has index.json name nothing that it removes, for other tools that look meanwhile", async () => {
    await using place = await scratch();
    const builder = await open();
    const digest = await push(builder, place.repository, { content: image("a"), tag: "1.0" });
    await builder[Symbol.asyncDispose]();
    const indexText = (): Promise<string> => readFile(join(place.path, "index.json"), "utf8");
    const before = await indexText();
    const registry = await open();
    await Array.fromAsync(registry.deleteManifests(place.repository, [digest]));

    await registry.collectGarbage(place.repository, { graceMs: 0 });

    expect(before).toContain(digest);
    expect(await indexText()).not.toContain(digest);
  });

  it("leaves what is younger than the grace, by the clock it was given", async () => {
    await using place = await scratch();
    const start = Date.parse("2024-05-01T00:00:00Z");
    let now = start;
    const registry = await open(() => new Date(now));
    const digest = await push(registry, place.repository, { content: image("a"), tag: "1.0" });
    await Array.fromAsync(registry.deleteManifests(place.repository, [digest]));

    now = start + HOUR_MS - 1000;
    const young = await registry.collectGarbage(place.repository, { graceMs: HOUR_MS });
    now = start + HOUR_MS;
    const old = await registry.collectGarbage(place.repository, { graceMs: HOUR_MS });

    expect(young).toEqual({ blobs: 0, bytes: 0 });
    const bytes = image("a").blobs.reduce((sum, blob) => sum + blob.length, 0);
    expect(old).toEqual({ blobs: 2, bytes });
  });

  it("keeps the blobs of an unfamiliar manifest that is reachable", async () => {
    await using place = await scratch();
    const blob = new TextEncoder().encode("content");
    const artifact = json({
      mediaType: "application/vnd.oci.artifact.manifest.v1+json",
      blobs: [{ mediaType: "text/plain", digest: digestOf(blob), size: blob.length }],
    });
    await writeFiles(place.path, [blob, artifact]);
    await writeIndex(place.path, [
      { mediaType: "application/vnd.oci.artifact.manifest.v1+json", bytes: artifact, tag: "a" },
    ]);
    const registry = await open();

    const garbage = await registry.collectGarbage(place.repository, { graceMs: 0 });

    expect(garbage).toEqual({ blobs: 0, bytes: 0 });
  });

  it("keeps a reachable blob that is no manifest at all", async () => {
    await using place = await scratch();
    const bytes = new TextEncoder().encode("<xml/>");
    await writeFiles(place.path, [bytes]);
    await writeIndex(place.path, [{ mediaType: "application/xml", bytes, tag: "notes" }]);
    const registry = await open();

    const garbage = await registry.collectGarbage(place.repository, { graceMs: 0 });

    expect(garbage).toEqual({ blobs: 0, bytes: 0 });
  });

  it("removes what killed uploads left, and no upload that goes on", async () => {
    await using place = await scratch();
    const registry = await open();
    await push(registry, place.repository, { content: image("a"), tag: "1.0" });
    const directory = join(place.path, ".tidemark", "tmp");
    const owner = await currentOwner();
    const gone = `${formatOwner({ ...owner, started: "1" })}.a-0`;
    const live = `${formatOwner(owner)}.a-0`;
    for (const name of [gone, live]) await writeFile(join(directory, name), "12345");

    const garbage = await registry.collectGarbage(place.repository, { graceMs: 0 });

    expect(garbage).toEqual({ blobs: 0, bytes: 5 });
    expect(await readdir(directory)).toEqual([live]);
  });

  it("leaves a push that overlaps it whole", async () => {
    await using place = await scratch();
    const [one, other] = [await open(), await open()];
    await push(one, place.repository, { content: image("first"), tag: "first" });
    const names = Array.from({ length: 12 }, (_, n) => `${n}`);

    await Promise.all([
      ...names.map((name) => push(one, place.repository, { content: image(name), tag: name })),
      ...names.map(() => other.collectGarbage(place.repository, { graceMs: HOUR_MS })),
    ]);

    const stored = await blobsOf(place.path);
    expect(stored.size).toBe(3 * 13);
  });
});

interface Node {
  readonly kind: "image" | "index";
  /** Which of a few shared layers. */
  readonly layers: readonly number[];
  /** Positions of earlier nodes. */
  readonly children: readonly number[];
  readonly subject: number | undefined;
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly tagged: readonly number[];
  readonly untagged: readonly number[];
  readonly deleted: readonly number[];
}

function graphs(): fc.Arbitrary<Graph> {
  const position = fc.nat(9);
  const node = fc.record({
    kind: fc.constantFrom("image" as const, "index" as const),
    layers: fc.array(fc.nat(4), { maxLength: 3 }),
    children: fc.array(position, { maxLength: 3 }),
    subject: fc.option(position, { nil: undefined, freq: 3 }),
  });
  const some = fc.uniqueArray(position, { maxLength: 4 });
  return fc.record({
    nodes: fc.array(node, { minLength: 1, maxLength: 10 }),
    tagged: some,
    untagged: some,
    deleted: fc.uniqueArray(position, { maxLength: 2 }),
  });
}

/** Writes files and index.json by hand; references to nodes that are not earlier ones are left out. */
async function writeGraph(
  path: string,
  { nodes, tagged, untagged }: Omit<Graph, "deleted">,
): Promise<readonly Content[]> {
  const contents: Content[] = [];
  for (const [at, { kind, layers, children, subject }] of nodes.entries()) {
    const about = subject === undefined ? undefined : contents[subject];
    const fields = about === undefined ? {} : { subject: describeContent(about) };
    const blobs = layers.map((layer) => new TextEncoder().encode(`layer ${layer}`));
    const config = json({ at });
    contents.push(
      kind === "index"
        ? index(
            children.flatMap((child) => contents[child] ?? []),
            { ...fields, annotations: { at: `${at}` } },
          )
        : {
            ...image(`${at}`, {
              ...fields,
              config: describeBytes(OCI_CONFIG, config),
              layers: blobs.map((blob) => describeBytes(OCI_LAYER_GZIP, blob)),
            }),
            blobs: [config, ...blobs],
          },
    );
  }
  await writeFiles(path, [
    new TextEncoder().encode("nobody's"),
    ...contents.flatMap(({ bytes, blobs }) => [bytes, ...blobs]),
  ]);
  await writeIndex(path, [
    ...tagged.flatMap((at) => entryOf(contents[at], `t${at}`)),
    ...untagged.flatMap((at) => entryOf(contents[at])),
  ]);
  return contents;
}

function entryOf(content: Content | undefined, tag?: string): readonly IndexEntry[] {
  if (content === undefined) return [];
  const { mediaType, bytes } = content;
  return [{ mediaType, bytes, ...(tag === undefined ? {} : { tag }) }];
}

interface IndexEntry {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly tag?: string;
}

async function writeIndex(path: string, entries: readonly IndexEntry[]): Promise<void> {
  const manifests = entries.map(({ mediaType, bytes, tag }) => ({
    ...describeBytes(mediaType, bytes),
    ...(tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } }),
  }));
  await writeFile(join(path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
}

async function writeFiles(path: string, blobs: readonly Uint8Array[]): Promise<void> {
  const directory = join(path, "blobs", "sha256");
  await mkdir(directory, { recursive: true });
  for (const bytes of blobs) {
    const file = join(directory, digestOf(bytes).slice("sha256:".length));
    await writeFile(file, bytes);
    await utimes(file, 1_000, 1_000);
  }
}

async function blobsOf(path: string): Promise<ReadonlyMap<string, string>> {
  const directory = join(path, "blobs", "sha256");
  const blobs = new Map<string, string>();
  for (const name of await readdir(directory)) {
    blobs.set(`sha256:${name}`, await readFile(join(directory, name), "utf8"));
  }
  return blobs;
}

/**
 * By brute force over the text of files: what has its digest in a reached file is reached, be it there or not,
 * and so is a referrer by its subject.
 */
function reachable(
  roots: readonly string[],
  blobs: ReadonlyMap<string, string>,
): readonly string[] {
  const reached = new Set(roots);
  for (let before = -1; before !== reached.size;) {
    before = reached.size;
    for (const [digest, text] of blobs) {
      const subject = /"subject":\{[^}]*"digest":"([^"]+)"/.exec(text)?.[1];
      if (subject !== undefined && reached.has(subject)) reached.add(digest);
      if (!reached.has(digest)) continue;
      for (const [named] of text.matchAll(/sha256:[0-9a-f]{64}/g)) reached.add(named);
    }
  }
  return [...reached].filter((digest) => blobs.has(digest));
}

function describeContent({ mediaType, bytes }: Content): object {
  return describeBytes(mediaType, bytes);
}

function describeBytes(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
