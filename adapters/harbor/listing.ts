import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository, isTag } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry, TagEntry } from "../../src/registry/registry.ts";
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
