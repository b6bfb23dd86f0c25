import { open, stat } from "node:fs/promises";
import { join } from "node:path";

import { splitDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { DIRECTORY_HOST } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Registry } from "../registry/registry.ts";
import type { Wanted } from "./choose.ts";
import { isAbsent } from "./absent.ts";
import { fileContent, readWhole } from "./content.ts";
import type { BlobFile } from "./content.ts";
import type { SourceDeps } from "./deps.ts";
import { MAX_INDEX_BYTES, readLayout } from "./layout.ts";
import type { LayoutEntry } from "./layout.ts";
import type { OpenedSource } from "./open.ts";
import { readRange } from "../tar/range.ts";
import { SourceError } from "./source.ts";

/**
 * Opens a directory in OCI image layout. Its tags are read through its registry, which knows those that are not in
 * `index.json` yet; its blobs are read as the files they are.
 */
export async function openDirectory(
  path: string,
  wanted: Wanted,
  deps: SourceDeps,
): Promise<OpenedSource> {
  const repository: Repository = { host: DIRECTORY_HOST, name: path };
  const registry = await deps.openRegistry(repository);
  const tagged = await Array.fromAsync(tagsOf(registry, repository, deps.signal));
  const index = await readIndex(path, deps.signal);
  const content = fileContent((digest) => findBlob(path, digest), deps.signal);
  return {
    ...(await readLayout({
      ...(index === undefined ? {} : { index }),
      tagged,
      wanted,
      content,
      warn: deps.warn,
      sparse: false,
    })),
    repository,
    openBlob: content.openBlob,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* tagsOf(
  registry: Registry,
  repository: Repository,
  signal: AbortSignal,
): AsyncGenerator<LayoutEntry> {
  for await (const { tag, digest, mediaType } of registry.listTags(repository, { signal })) {
    if (digest === undefined) throw new SourceError(`its tag ${tag} has no digest`);
    yield { names: [tag], digest, mediaType };
  }
}

/** `undefined` where nothing was folded into one yet. */
async function readIndex(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const file = await fileAt(join(path, "index.json"));
  return file && (await readWhole(file, { limit: MAX_INDEX_BYTES, what: "index.json", signal }));
}

async function findBlob(path: string, digest: Digest): Promise<BlobFile | undefined> {
  const [algorithm, hex] = splitDigest(digest);
  return await fileAt(join(path, "blobs", algorithm, hex));
}

async function fileAt(path: string): Promise<BlobFile | undefined> {
  try {
    const { size } = await stat(path);
    return { size, open: (from, signal) => readFileFrom(path, from, signal) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function* readFileFrom(
  path: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await using handle = await open(path);
  yield* readRange(handle, { start: from, signal });
}
