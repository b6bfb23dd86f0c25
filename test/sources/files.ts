import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";

import { pack } from "tar-stream";
import type { Header } from "tar-stream";
import { afterAll, beforeAll, onTestFinished } from "vitest";

import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { describe, encode } from "./images.ts";
import type { TestImage } from "./images.ts";

/** Files by their paths. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** One entry of `index.json`: what it names, and the further fields of its descriptor. */
export type LayoutEntry = readonly [
  named: SeedContent,
  fields?: Readonly<Record<string, unknown>> & {
    readonly annotations?: Readonly<Record<string, string>>;
  },
];

/** A directory of this test alone. */
export async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-sources-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
}

/** The annotations of an entry with a tag. */
export function tagged(tag: string): { readonly annotations: Record<string, string> } {
  return { annotations: { "org.opencontainers.image.ref.name": tag } };
}

/** The files of an OCI image layout. */
export function layout(entries: readonly LayoutEntry[]): Map<string, Uint8Array> {
  const blobs = new Map(entries.flatMap(([named]) => filesOf(named)));
  const manifests = entries.map(([named, fields]) => ({
    ...describe(named.mediaType, named.bytes),
    ...fields,
  }));
  return new Map([
    ["oci-layout", encode({ imageLayoutVersion: "1.0.0" })],
    ["index.json", encode({ schemaVersion: 2, manifests })],
    ...blobs,
  ]);
}

/** The files that `docker save` writes: a layer twice is a link the second time, as there. */
export function dockerSave(
  saved: readonly (readonly [image: TestImage, names: readonly string[]])[],
): (TarEntry | readonly [path: string, bytes: Uint8Array])[] {
  const entries: (TarEntry | readonly [string, Uint8Array])[] = [];
  const first = new Map<string, string>();
  const list = saved.map(([{ config, tars }, names], at) => {
    const Config = `${describe("", config).digest.slice(7)}.json`;
    entries.push([Config, config]);
    const Layers = tars.map((tar, layer) => {
      const path = `${String(at).repeat(8)}${String(layer).padStart(56, "0")}/layer.tar`;
      const { digest } = describe("", tar);
      const known = first.get(digest);
      if (known === undefined) entries.push([path, tar]);
      else entries.push({ name: path, type: "symlink", linkname: `../${known}` });
      first.set(digest, known ?? path);
      return path;
    });
    return { Config, RepoTags: names.length === 0 ? null : names, Layers };
  });
  return [...entries, ["manifest.json", encode(list)]];
}

export type TarEntry = Partial<Header> & Pick<Header, "name">;

/** A tar archive. */
export async function tar(
  entries: Iterable<TarEntry | readonly [path: string, bytes: Uint8Array]>,
): Promise<Uint8Array> {
  const packer = pack();
  for (const entry of entries) {
    if ("name" in entry) packer.entry(entry, "");
    else packer.entry({ name: entry[0] }, Buffer.from(entry[1]));
  }
  packer.finalize();
  return await buffer(packer);
}

/** Writes an archive of entries into a directory of the test and answers its path. */
export async function tarFile(
  entries: Iterable<TarEntry | readonly [path: string, bytes: Uint8Array]>,
): Promise<string> {
  const path = join(await scratch(), "image.tar");
  await writeFile(path, await tar(entries));
  return path;
}

function filesOf(content: SeedContent): [path: string, bytes: Uint8Array][] {
  const own = [...content.blobs, { digest: content.digest, bytes: content.bytes }];
  return [
    ...own.map(({ digest, bytes }): [string, Uint8Array] => [blobPath(digest), bytes]),
    ...content.children.flatMap(filesOf),
  ];
}

export function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** A directory of this file alone: asks for its path once the tests run. */
export function scratchForFile(): () => string {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tidemark-sources-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return () => directory;
}
