import type { Digest } from "../../src/oci/digest.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type {
  CallOptions,
  ManifestEntry,
  Registry,
  TagEntry,
} from "../../src/registry/registry.ts";
import type { ManifestFile } from "./client.ts";
import type { Images } from "./images.ts";
import { isTagFolder, readImage } from "./search.ts";

/**
 * Every tag with digest, size and time by one search; by name alone where the user may not search, or where the search
 * shows nothing though there are tags: it leaves out, without a word, what the user may not read.
 */
export async function* listTags(
  images: Images,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  options: CallOptions = {},
): AsyncGenerator<TagEntry> {
  const { text, place, client } = await images.open(repository, options);
  const { warn } = images.context;
  const { signal } = options;
  try {
    const folders = await readImage(client, place, {
      verb: "list tags of",
      reference: text,
      signal,
    });
    let count = 0;
    for (const folder of folders.values()) {
      if (!isTagFolder(folder)) continue;
      const { digest, size, changedAt } = folder.served;
      count += 1;
      yield {
        tag: folder.name,
        digest,
        ...(size === undefined ? {} : { size }),
        ...(changedAt === undefined ? {} : { pushedAt: changedAt }),
      };
    }
    if (count > 0) return;
    const names = await readSteadily(base, repository, options);
    if (names.length === 0) return;
    warn(
      `${text}: the search of Artifactory shows none of its tags, so digests and times are asked for one by one; is "${place.key}" the key of a local repository that the user may read?`,
    );
    yield* names;
  } catch (error) {
    if (!isRegistryError(error, "unauthorized", "denied", "not-found", "unsupported")) throw error;
    const names = await readSteadily(base, repository, options);
    warn(
      `${text}: Artifactory's search cannot be used, so digests and times are asked for one by one (${error.message})`,
    );
    yield* names;
  }
}

/** How often a changing list is read. */
const MAX_READINGS = 5;

/** The list of names, read until two readings agree: its next page may be told by an offset, which shifts. */
async function readSteadily(
  base: Pick<Registry, "listTags">,
  repository: Repository,
  options: CallOptions,
): Promise<readonly TagEntry[]> {
  let before: string | undefined;
  for (let reading = 1; reading <= MAX_READINGS; reading += 1) {
    const entries = await Array.fromAsync(base.listTags(repository, options));
    const names = entries
      .map(({ tag }) => tag)
      .sort()
      .join("\n");
    if (entries.length === 0 || names === before) return entries;
    before = names;
  }
  const { host, name } = repository;
  throw new RegistryError(
    "protocol",
    `${host}: cannot list tags of ${host}/${name}: protocol (the list changed between ${MAX_READINGS} readings)`,
  );
}

/**
 * Every manifest that the search shows: those with tags, those that were pushed by digest, and those behind a list of the
 * same tag. A search that shows nothing where there are tags leaves out what the user may not read: that rejects.
 */
export async function* listManifests(
  images: Images,
  base: Pick<Registry, "listTags">,
  repository: Repository,
  options: CallOptions = {},
): AsyncGenerator<ManifestEntry> {
  const { text, place, client } = await images.open(repository, options);
  const { signal } = options;
  const purpose = { verb: "list manifests of", reference: text, signal };
  const folders = await readImage(client, place, purpose);
  const found = new Map<Digest, ManifestEntry>();
  for (const folder of folders.values()) {
    const tags = isTagFolder(folder) ? [folder.name] : [];
    add(folder.served, tags);
    if (folder.hidden !== undefined) add(folder.hidden, []);
  }
  if (found.size === 0 && (await readSteadily(base, repository, options)).length > 0) {
    const { host, name } = repository;
    throw new RegistryError(
      "denied",
      `${host}: cannot list manifests of ${host}/${name}: denied (the search of Artifactory shows none, though there are tags)`,
      { hint: `Is "${place.key}" the key of a local repository that the user may read?` },
    );
  }
  yield* found.values();

  function add({ digest, size, changedAt }: ManifestFile, tags: readonly string[]): void {
    const known = found.get(digest);
    const pushedAt = Math.max(known?.pushedAt ?? 0, changedAt ?? 0);
    found.set(digest, {
      digest,
      tags: [...(known?.tags ?? []), ...tags],
      ...(size === undefined ? {} : { size }),
      ...(pushedAt === 0 ? {} : { pushedAt }),
    });
  }
}
