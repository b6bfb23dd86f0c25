import { settleAll } from "../../src/distribution/settle.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { ManifestEntry, Registry, TagEntry } from "../../src/registry/registry.ts";
import { PAGE_SIZE } from "./client.ts";
import type { HarborClient } from "./client.ts";
import { readPages } from "./pages.ts";
import type { Artifact } from "./schema.ts";

/**
 * Every tag: first all names, which come in one piece, then what the API knows about each.
 *
 * The API pages by offset, and does not show accessories (signatures, SBOMs) with their tags. What it left out has its
 * name only; what came after the names were read is there too.
 */
export async function* listTags(
  client: HarborClient,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal | undefined,
): AsyncGenerator<TagEntry> {
  const names = await namesOf(client, base, repository, signal);
  if (names === undefined) return;
  const left = new Set(names);
  const seen = new Set<string>();
  const artifacts = readPages<Artifact>({
    pageSize: PAGE_SIZE,
    read: (page) => client.artifacts(repository, page, signal),
    keyOf: ({ digest }) => digest,
    error: (why) => nonsense(repository, why),
  });
  for await (const artifact of artifacts) {
    for (const entry of entriesOf(repository, artifact)) {
      if (seen.has(entry.tag)) continue;
      seen.add(entry.tag);
      left.delete(entry.tag);
      yield entry;
    }
  }
  for (const tag of left) yield { tag };
}

/**
 * Every manifest that the API shows, with the children and the accessories of each, which it does not list by themselves.
 * Those come without a time; what is below them is not told.
 *
 * An accessory may have a tag that no list shows; where there are such tags, each accessory is asked for.
 */
export async function* listManifests(
  client: HarborClient,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal | undefined,
): AsyncGenerator<ManifestEntry> {
  const names = new Set(await namesOf(client, base, repository, signal));
  const artifacts = readPages<Artifact>({
    pageSize: PAGE_SIZE,
    read: (page) => client.artifacts(repository, page, signal),
    keyOf: ({ digest }) => digest,
    error: (why) => nonsense(repository, why),
  });
  const shown = new Set<Digest>();
  const children = new Set<Digest>();
  const accessories = new Set<Digest>();
  for await (const artifact of artifacts) {
    const entry = manifestOf(repository, artifact);
    for (const tag of entry.tags) names.delete(tag);
    for (const { child_digest: child } of artifact.references ?? []) {
      children.add(digestIn(repository, child));
    }
    for (const { digest } of artifact.accessories ?? []) {
      accessories.add(digestIn(repository, digest));
    }
    shown.add(entry.digest);
    yield entry;
  }
  for (const digest of children) {
    if (!shown.has(digest) && !accessories.has(digest)) yield { digest, tags: [] };
  }
  const hidden = [...accessories].filter((digest) => !shown.has(digest));
  if (names.size === 0) {
    for (const digest of hidden) yield { digest, tags: [] };
    return;
  }
  const asked = settleAll(hidden, (digest) => client.artifact(repository, digest, signal));
  for await (const artifact of asked) {
    if (artifact !== undefined) yield manifestOf(repository, artifact);
  }
}

function manifestOf(
  repository: Repository,
  { digest, manifest_media_type: mediaType, push_time: pushTime, tags }: Artifact,
): ManifestEntry {
  const pushedAt = timeOf(pushTime);
  return {
    digest: digestIn(repository, digest),
    tags: (tags ?? []).map(({ name }) => name),
    ...(mediaType === undefined || mediaType === null || mediaType === "" ? {} : { mediaType }),
    ...(pushedAt === undefined ? {} : { pushedAt }),
  };
}

/** `undefined`: there is no such repository. */
async function namesOf(
  client: HarborClient,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  const found = await client.tagNames(repository, signal);
  if (found.kind === "absent") return undefined;
  if (found.kind === "whole") {
    const wrong = found.names.find((name) => !isTag(name));
    if (wrong === undefined) return found.names;
    throw nonsense(repository, `"${wrong}" is no tag`);
  }
  const options = signal === undefined ? {} : { signal };
  const entries = await Array.fromAsync(base.listTags(repository, options));
  return entries.map(({ tag }) => tag);
}

function entriesOf(
  repository: Repository,
  { digest, manifest_media_type: mediaType, tags }: Artifact,
): TagEntry[] {
  const checked = digestIn(repository, digest);
  return (tags ?? []).map(({ name, push_time: pushTime }) => {
    if (!isTag(name)) throw nonsense(repository, `"${name}" is no tag`);
    const pushedAt = timeOf(pushTime);
    return {
      tag: name,
      digest: checked,
      ...(mediaType === undefined || mediaType === null || mediaType === "" ? {} : { mediaType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    };
  });
}

/** A digest that Harbor wrote; rejects with `protocol` when it is none. */
export function digestIn(repository: Repository, text: string): Digest {
  if (isDigest(text)) return text;
  throw nonsense(repository, `"${text}" is no digest`);
}

/** Milliseconds since the epoch; Harbor writes a time that is not known as year 1. */
function timeOf(text: string | null | undefined): number | undefined {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return ms > 0 ? ms : undefined;
}

export function nonsense(repository: Repository, why: string): RegistryError {
  return new RegistryError(
    "protocol",
    `${repository.host}: cannot list ${formatRepository(repository)}: protocol (${why})`,
  );
}
