import type { Digest } from "../../../src/oci/digest.ts";
import { isIndexType } from "../../../src/oci/media-type.ts";
import type { RegistryState, RepositoryState, StoredManifest } from "../state.ts";

/** A file of the storage, as the query language sees it. */
export interface StoredFile {
  readonly repo: string;
  /** Folder, without a slash at either end. */
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
  /** ISO 8601. */
  readonly created: string;
  readonly modified: string;
}

/** What `/v2/` holds, seen as folders: one for each tag, and one for each manifest that was pushed by digest. */
export interface Storage {
  /** Files of a repository; of the trash can for its key. */
  files(key: string): readonly StoredFile[];
  /** Removes `image/folder` of a repository, into the trash can, and all that is below it. Answers whether it was there. */
  remove(key: string, path: string): boolean;
  /** Puts back what was removed from `key/image/folder`. */
  restore(path: string): boolean;
  /** Tells of a push that `/v2/` took; `before` is what the tag was. */
  pushed(name: string, reference: string, before: Digest | undefined): void;
  /** Leaves a manifest behind the list that the tag names, as a push over it does. */
  hide(name: string, tag: string, digest: Digest): void;
}

export interface StorageOptions {
  readonly state: RegistryState;
  readonly now: () => number;
  /** Which repository an image of `/v2/` lies in, and its path there. */
  readonly placeOf: (name: string) => { readonly key: string; readonly image: string };
  readonly nameOf: (key: string, image: string) => string;
  readonly hasTrash: boolean;
}

export const TRASH_KEY = "auto-trashcan";

interface Extras {
  /** Manifests with a folder of their own, whatever tags they have. */
  readonly byDigest: Set<Digest>;
  readonly hidden: Map<string, Digest>;
  readonly times: Map<string, { readonly digest: Digest; created: number; modified: number }>;
}

interface Thrown {
  readonly digest: Digest;
  readonly manifest: StoredManifest;
  readonly time: number;
}

export function createStorage({ state, now, placeOf, nameOf, hasTrash }: StorageOptions): Storage {
  const extras = new Map<string, Extras>();
  const trash = new Map<string, Thrown>();

  return { files, remove, restore, pushed, hide };

  function files(key: string): readonly StoredFile[] {
    if (key === TRASH_KEY) {
      return [...trash].map(([path, { digest, manifest, time }]) =>
        fileOf({ key, path, digest, manifest, created: time, modified: time }),
      );
    }
    const found: StoredFile[] = [];
    for (const [name, repository] of state.repositories) {
      const place = placeOf(name);
      if (place.key === key) found.push(...imageFiles(name, place, repository));
    }
    return found;
  }

  function imageFiles(
    name: string,
    { key, image }: { readonly key: string; readonly image: string },
    repository: RepositoryState,
  ): StoredFile[] {
    const { byDigest, hidden } = extrasOf(name);
    const tagged = new Set([...repository.tags.values(), ...hidden.values()]);
    const own = [...repository.manifests.keys()].filter(
      (digest) => byDigest.has(digest) || !tagged.has(digest),
    );
    const folders: (readonly [string, Digest])[] = [
      ...repository.tags,
      ...hidden,
      ...own.map((digest): [string, Digest] => [digest, digest]),
    ];
    return folders.flatMap(([folder, digest]): StoredFile[] => {
      const manifest = repository.manifests.get(digest);
      if (manifest === undefined) return [];
      const times = timesOf(name, folder, digest);
      return [fileOf({ key, path: `${image}/${folder}`, digest, manifest, ...times })];
    });
  }

  function remove(key: string, path: string): boolean {
    const at = path.lastIndexOf("/");
    const [image, folder] = [path.slice(0, at), path.slice(at + 1)];
    const name = nameOf(key, image);
    const repository = state.repositories.get(name);
    if (repository === undefined) return false;
    const { byDigest, hidden } = extrasOf(name);
    const digest = repository.tags.get(folder) ?? digestFolder(name, repository, folder);
    if (digest === undefined) return false;
    if (hasTrash) throwAway(`${key}/${path}`, digest, repository);
    for (const deeper of state.repositories.keys()) {
      const place = placeOf(deeper);
      if (place.key !== key || !`${place.image}/`.startsWith(`${path}/`)) continue;
      state.repositories.delete(deeper);
    }
    const behind = hidden.get(folder);
    if (repository.tags.delete(folder)) hidden.delete(folder);
    else byDigest.delete(digest);
    dropWithoutCopy(name, repository, digest);
    if (behind !== undefined) dropWithoutCopy(name, repository, behind);
    return true;
  }

  function digestFolder(
    name: string,
    { manifests, tags }: RepositoryState,
    folder: string,
  ): Digest | undefined {
    const digest = [...manifests.keys()].find((one) => one === folder);
    if (digest === undefined) return undefined;
    const isOwn = extrasOf(name).byDigest.has(digest) || ![...tags.values()].includes(digest);
    return isOwn ? digest : undefined;
  }

  function throwAway(path: string, digest: Digest, { manifests }: RepositoryState): void {
    const manifest = manifests.get(digest);
    if (manifest !== undefined) trash.set(path, { digest, manifest, time: now() });
  }

  /** A digest is looked up among the copies: without one, nothing has it. */
  function dropWithoutCopy(name: string, repository: RepositoryState, digest: Digest): void {
    const { byDigest, hidden } = extrasOf(name);
    const hasCopy =
      byDigest.has(digest) ||
      [...repository.tags.values()].includes(digest) ||
      [...hidden.values()].includes(digest);
    if (!hasCopy) repository.manifests.delete(digest);
  }

  function restore(path: string): boolean {
    const thrown = trash.get(path);
    if (thrown === undefined) return false;
    const [key = "", ...rest] = path.split("/");
    const folder = rest.pop() ?? "";
    const name = nameOf(key, rest.join("/"));
    const repository = state.repositories.get(name);
    if (repository === undefined) return false;
    const { digest, manifest } = thrown;
    repository.manifests.set(digest, manifest);
    if (folder === digest) extrasOf(name).byDigest.add(digest);
    else repository.tags.set(folder, digest);
    trash.delete(path);
    return true;
  }

  function pushed(name: string, reference: string, before: Digest | undefined): void {
    const repository = state.repositories.get(name);
    if (repository === undefined) return;
    const digest = repository.tags.get(reference);
    const own = [...repository.manifests.keys()].find((one) => one === reference);
    if (own !== undefined) extrasOf(name).byDigest.add(own);
    if (digest !== undefined) timesOf(name, reference, digest);
    if (before !== undefined && before !== digest) dropWithoutCopy(name, repository, before);
  }

  function hide(name: string, tag: string, digest: Digest): void {
    extrasOf(name).hidden.set(tag, digest);
  }

  function extrasOf(name: string): Extras {
    const known = extras.get(name);
    if (known !== undefined) return known;
    const made: Extras = { byDigest: new Set(), hidden: new Map(), times: new Map() };
    extras.set(name, made);
    return made;
  }

  /** A push over a tag keeps when its file was made, and changes when it was modified. */
  function timesOf(
    name: string,
    folder: string,
    digest: Digest,
  ): { readonly created: number; readonly modified: number } {
    const { times } = extrasOf(name);
    const known = times.get(folder);
    if (known?.digest === digest) return known;
    const made = { digest, created: known?.created ?? now(), modified: now() };
    times.set(folder, made);
    return made;
  }
}

function fileOf({
  key,
  path,
  digest,
  manifest,
  created,
  modified,
}: {
  readonly key: string;
  readonly path: string;
  readonly digest: Digest;
  readonly manifest: StoredManifest;
  readonly created: number;
  readonly modified: number;
}): StoredFile {
  return {
    repo: key,
    path,
    name: isIndexType(manifest.mediaType) ? "list.manifest.json" : "manifest.json",
    sha256: digest.slice("sha256:".length),
    size: manifest.bytes.length,
    created: new Date(created).toISOString(),
    modified: new Date(modified).toISOString(),
  };
}
