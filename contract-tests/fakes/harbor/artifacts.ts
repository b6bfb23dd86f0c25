import type { Digest } from "../../../src/oci/digest.ts";
import { isDigest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import type { Pointers } from "../check-manifest.ts";
import { lookUp } from "../state.ts";
import type { RepositoryState, StoredManifest } from "../state.ts";

/** An artifact as Harbor's database has it. */
export interface ArtifactRow {
  readonly id: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly tags: readonly string[];
  /** Of an index. */
  readonly children: readonly Digest[];
  /** What has it as its subject. */
  readonly accessories: readonly Digest[];
}

/** Why a deletion is refused. */
export type Refusal =
  | { readonly kind: "immutable"; readonly tag: string }
  | { readonly kind: "referenced" };

/** The artifacts of a repository, oldest first; `only` leaves out the others. */
export function artifactsOf(
  repository: RepositoryState,
  only?: ReadonlySet<Digest>,
): ArtifactRow[] {
  const tags = new Map<Digest, string[]>();
  for (const [tag, digest] of repository.tags) {
    if (only?.has(digest) === false) continue;
    const known = tags.get(digest);
    if (known === undefined) tags.set(digest, [tag]);
    else known.push(tag);
  }
  const accessories = accessoriesOf(repository);
  const rows: ArtifactRow[] = [];
  let id = 0;
  for (const [digest, manifest] of repository.manifests) {
    id += 1;
    if (only?.has(digest) === false) continue;
    rows.push({
      id,
      digest,
      mediaType: manifest.mediaType,
      size: manifest.bytes.length,
      tags: tags.get(digest) ?? [],
      children: pointersOf(manifest).children.map((child) => child.digest),
      accessories: accessories.get(digest) ?? [],
    });
  }
  return rows;
}

/** What a list shows: accessories are left out, and so are children without a tag. */
export function displayed(repository: RepositoryState): Digest[] {
  const hidden = new Set<Digest>();
  const tagged = new Set(repository.tags.values());
  for (const manifest of repository.manifests.values()) {
    for (const { digest } of pointersOf(manifest).children) {
      if (!tagged.has(digest)) hidden.add(digest);
    }
  }
  for (const digests of accessoriesOf(repository).values()) {
    for (const digest of digests) hidden.add(digest);
  }
  return [...repository.manifests.keys()].filter((digest) => !hidden.has(digest));
}

/**
 * Deletes an artifact with its tags, its accessories, and the children that nothing else needs; all of it or nothing.
 *
 * Source: goharbor/harbor `src/controller/artifact/controller.go`, `deleteDeeply`.
 */
export function deleteDeeply(
  repository: RepositoryState,
  digest: Digest,
  isImmutable: (tag: string) => boolean,
): Refusal | undefined {
  const before = { manifests: [...repository.manifests], tags: [...repository.tags] };
  const refusal = deleteOne(digest, true);
  if (refusal !== undefined) {
    repository.manifests.clear();
    repository.tags.clear();
    for (const [key, manifest] of before.manifests) repository.manifests.set(key, manifest);
    for (const [tag, target] of before.tags) repository.tags.set(tag, target);
  }
  return refusal;

  function deleteOne(target: Digest, isRoot: boolean): Refusal | undefined {
    const rows = artifactsOf(repository);
    const row = rows.find((one) => one.digest === target);
    if (row === undefined) return undefined;
    if (!isRoot && row.tags.length > 0) return undefined;
    if (rows.some((parent) => parent.children.includes(target))) {
      return isRoot ? { kind: "referenced" } : undefined;
    }
    const locked = row.tags.find(isImmutable);
    if (isRoot && locked !== undefined) return { kind: "immutable", tag: locked };
    for (const accessory of row.accessories) {
      const refused = deleteOne(accessory, true);
      if (refused !== undefined) return refused;
    }
    repository.manifests.delete(target);
    for (const tag of row.tags) repository.tags.delete(tag);
    for (const child of row.children) {
      const refused = deleteOne(child, false);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }
}

export function rowOf(repository: RepositoryState, key: string): ArtifactRow | undefined {
  const digest = lookUp(repository, key);
  return artifactsOf(repository).find((row) => row.digest === digest);
}

/** Whether it belongs to another artifact, so that it goes, and is copied, with that one only. */
export function isAccessory(repository: RepositoryState, digest: Digest): boolean {
  return [...accessoriesOf(repository).values()].some((digests) => digests.includes(digest));
}

/** By `subject`, and by the tags of signing tools: `sha256-<hex>.sig`. */
function accessoriesOf(repository: RepositoryState): Map<Digest, Digest[]> {
  const found = new Map<Digest, Digest[]>();
  const add = (subject: string, digest: Digest): void => {
    if (!isDigest(subject) || !repository.manifests.has(subject) || subject === digest) return;
    const known = found.get(subject) ?? [];
    if (!known.includes(digest)) found.set(subject, [...known, digest]);
  };
  for (const [digest, manifest] of repository.manifests) {
    const { subject } = pointersOf(manifest);
    if (subject !== undefined) add(subject.digest, digest);
  }
  for (const [tag, digest] of repository.tags) {
    if (!tag.startsWith("sha256-")) continue;
    const [, hex] = /^sha256-([0-9a-f]{64})\.(?:sig|att|sbom)$/.exec(tag) ?? [];
    if (hex !== undefined) add(`sha256:${hex}`, digest);
  }
  return found;
}

const pointers = new WeakMap<StoredManifest, Pointers>();

/** Read once: a list of ten thousand artifacts is cut into a hundred pages. */
function pointersOf(manifest: StoredManifest): Pointers {
  const known = pointers.get(manifest) ?? readManifest(manifest);
  pointers.set(manifest, known);
  return known;
}
