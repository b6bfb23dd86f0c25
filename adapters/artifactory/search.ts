import type { Digest } from "../../src/oci/digest.ts";
import { splitDigest } from "../../src/oci/digest.ts";
import { isTag } from "../../src/oci/reference.ts";
import type { Place } from "./address.ts";
import { MANIFEST, MANIFEST_LIST } from "./client.ts";
import type { Client, ManifestFile, Purpose } from "./client.ts";

/** What one folder of an image holds. */
export interface Folder {
  /** Its name: a tag, or `sha256:<hex>` for what was pushed by digest. */
  readonly name: string;
  /** What the folder's name resolves to: the list, where both kinds of manifest are there. */
  readonly served: ManifestFile;
  /** The manifest behind a list, left over from a push over the same tag: pullable by digest only. */
  readonly hidden?: ManifestFile;
  /** A folder with a manifest somewhere below: of another image, whose name begins with this one's and the tag. */
  readonly deeper?: string;
}

/** Every folder of an image with a manifest in it, by name: its tags and what was pushed by digest. */
export async function readImage(
  client: Client,
  place: Place,
  purpose: Purpose,
): Promise<ReadonlyMap<string, Folder>> {
  const criteria = {
    repo: place.key,
    path: { $match: `${place.image}/*` },
    $or: [{ name: MANIFEST }, { name: MANIFEST_LIST }],
  };
  return foldersOf(await client.search(JSON.stringify(criteria), purpose), place.image);
}

/** Those of the folders that are there, and what lies below them. */
export async function readFolders(
  client: Client,
  place: Place,
  names: readonly string[],
  purpose: Purpose,
): Promise<ReadonlyMap<string, Folder>> {
  const found: ManifestFile[] = [];
  const terms = names.flatMap((name) => {
    const path = `${place.image}/${name}`;
    return [{ path }, { path: { $match: `${path}/*` } }];
  });
  for (const $or of portions(terms)) {
    const criteria = { repo: place.key, name: { $match: `*${MANIFEST}` }, $or };
    found.push(...(await client.search(JSON.stringify(criteria), purpose)));
  }
  const folders = new Map(foldersOf(found, place.image));
  for (const { folder: deeper } of found) {
    const name = deeper.slice(place.image.length + 1).split("/")[0] ?? "";
    const folder = folders.get(name);
    if (folder === undefined || deeper === `${place.image}/${name}`) continue;
    folders.set(name, { ...folder, deeper });
  }
  return folders;
}

/** Names of the folders that hold a copy of each digest. */
export async function findCopies(
  client: Client,
  { key, image }: Place,
  digests: readonly Digest[],
  purpose: Purpose,
): Promise<ReadonlyMap<Digest, readonly string[]>> {
  const copies = new Map<Digest, string[]>();
  const terms = digests.map((digest) => ({ sha256: splitDigest(digest)[1] }));
  for (const $or of portions(terms)) {
    const criteria = { repo: key, path: { $match: `${image}/*` }, $or };
    for (const { folder, digest } of await client.search(JSON.stringify(criteria), purpose)) {
      const name = nameBelow(folder, image);
      if (name === undefined) continue;
      copies.set(digest, [...(copies.get(digest) ?? []), name]);
    }
  }
  return copies;
}

/** Whether a folder's name is a tag, and not what was pushed by digest. */
export function isTagFolder({ name, served }: Folder): boolean {
  return isTag(name) && !isDigestFolder(name, served.digest);
}

/** Source: `sha256:<hex>` as seen in manifest-tool#98; `sha256__<hex>` is how layers are spelled. */
export function isDigestFolder(name: string, digest: Digest): boolean {
  const [algorithm, hex] = splitDigest(digest);
  return name === `${algorithm}:${hex}` || name === `${algorithm}__${hex}`;
}

function foldersOf(files: readonly ManifestFile[], image: string): ReadonlyMap<string, Folder> {
  const folders = new Map<string, Folder>();
  for (const file of files) {
    const name = nameBelow(file.folder, image);
    if (name === undefined) continue;
    const other = folders.get(name)?.served;
    if (other === undefined) folders.set(name, { name, served: file });
    else {
      const [served, hidden] = file.isList ? [file, other] : [other, file];
      folders.set(name, { name, served, hidden });
    }
  }
  return folders;
}

/** The last component of a folder directly below the image's; deeper ones are of other images. */
function nameBelow(folder: string, image: string): string | undefined {
  if (!folder.startsWith(`${image}/`)) return undefined;
  const name = folder.slice(image.length + 1);
  return name === "" || name.includes("/") ? undefined : name;
}

/** A query may have 6000 characters; what is around the terms takes less than 1000. Source: "AQL Performance". */
const MAX_TERMS_LENGTH = 5000;

function* portions<T extends object>(terms: readonly T[]): Generator<readonly T[]> {
  let portion: T[] = [];
  let length = 0;
  for (const term of terms) {
    const added = JSON.stringify(term).length + 1;
    if (portion.length > 0 && length + added > MAX_TERMS_LENGTH) {
      yield portion;
      portion = [];
      length = 0;
    }
    portion.push(term);
    length += added;
  }
  if (portion.length > 0) yield portion;
}
