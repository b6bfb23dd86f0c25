import type { Digest } from "../oci/digest.ts";
import { ManifestError, parseManifest } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { Repository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";

/** A manifest in a journal. */
export interface JournaledManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** The manifest's bytes in base64. */
  readonly manifest: string;
}

/** Every line of a journal but the first: a manifest as it was just before it went, and what may go along with it. */
export interface JournalEntry extends JournaledManifest {
  /** `manifest`: it went, with these tags. `tag`: the tags went, the manifest stayed. */
  readonly how: "manifest" | "tag";
  readonly tags: readonly string[];
  /** What it reaches by digest, at any depth, and no tag names. Absent: nothing. */
  readonly children?: readonly JournaledManifest[];
  /** Manifests about it, or about one of its children, that no tag names. Absent: none that would go along. */
  readonly referrers?: readonly JournaledManifest[];
}

/** What is about to go. */
export interface Going {
  readonly digest: Digest;
  readonly how: "manifest" | "tag";
  readonly tags: readonly { readonly tag: string }[];
}

/** Where an entry is read from. */
export interface EntrySource {
  readonly registry: Pick<Registry, "capabilities" | "getManifest" | "listReferrers">;
  readonly repository: Repository;
  /** Whether a tag names the digest: then it stays, or has an entry of its own. */
  readonly isTagged: (digest: Digest) => boolean;
  /** Called with each referrer that a tag names, where the registry takes referrers along. */
  readonly sawReferrer?: (digest: Digest) => void;
  readonly signal?: AbortSignal;
}

/**
 * The entry of a manifest that is about to go.
 *
 * Reads the children that no tag names, and the referrers where the registry would take them along. What is not there is
 * left out; any other failure rejects with `RegistryError`, and then nothing may be deleted.
 */
export async function journalEntryOf(
  { digest, how, tags }: Going,
  body: ManifestBody,
  source: EntrySource,
): Promise<JournalEntry> {
  const entry = { ...journaled({ ...body, digest }), how, tags: tags.map(({ tag }) => tag) };
  if (how === "tag") return entry;
  const { children, referrers } = await readAlong({ ...body, digest }, source);
  return {
    ...entry,
    ...(children.length === 0 ? {} : { children }),
    ...(referrers.length === 0 ? {} : { referrers }),
  };
}

interface Along {
  readonly children: readonly JournaledManifest[];
  readonly referrers: readonly JournaledManifest[];
}

async function readAlong(root: ManifestBody, source: EntrySource): Promise<Along> {
  const children: JournaledManifest[] = [];
  const referrers: JournaledManifest[] = [];
  const seen = new Set<Digest>([root.digest]);
  const queue: { readonly body: ManifestBody; readonly list: JournaledManifest[] }[] = [
    { body: root, list: children },
  ];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { body, list } = next;
    for (const digest of childrenOf(body)) await follow(digest, list);
    for (const digest of await referrersOf(body.digest, source)) {
      if (source.isTagged(digest)) source.sawReferrer?.(digest);
      await follow(digest, referrers);
    }
  }
  return { children, referrers };

  async function follow(digest: Digest, list: JournaledManifest[]): Promise<void> {
    if (seen.has(digest) || source.isTagged(digest)) return;
    seen.add(digest);
    const body = await readManifest(digest, source);
    if (body === undefined) return;
    list.push(journaled(body));
    queue.push({ body, list });
  }
}

/** Digests of an index's children; none for what is no index, nor for what nobody can read. */
function childrenOf(body: ManifestBody): readonly Digest[] {
  try {
    const manifest = parseManifest(body);
    return manifest.kind === "index" ? manifest.children.map(({ digest }) => digest) : [];
  } catch (error) {
    if (error instanceof ManifestError) return [];
    throw error;
  }
}

/** Where the registry leaves referrers alone, those that go have entries of their own. */
async function referrersOf(
  digest: Digest,
  { registry, repository, signal }: EntrySource,
): Promise<readonly Digest[]> {
  if (!registry.capabilities.deletionCascade.includes("referrers")) return [];
  const subject = { host: repository.host, name: repository.name, digest };
  const options = signal === undefined ? {} : { signal };
  const found = await Array.fromAsync(registry.listReferrers(subject, options));
  return found.map((referrer) => referrer.digest);
}

async function readManifest(
  digest: Digest,
  { registry, repository, signal }: EntrySource,
): Promise<ManifestBody | undefined> {
  const { host, name } = repository;
  try {
    const options = signal === undefined ? {} : { signal };
    return await registry.getManifest({ host, name, digest }, options);
  } catch (error) {
    if (isRegistryError(error, "not-found")) return undefined;
    throw error;
  }
}

function journaled({ digest, mediaType, bytes }: ManifestBody): JournaledManifest {
  return { digest, mediaType, manifest: Buffer.from(bytes).toString("base64") };
}
