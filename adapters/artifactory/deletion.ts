import { attempt, deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  DeleteOptions,
  DeletionOutcome,
  Registry,
} from "../../src/registry/registry.ts";
import { NOT_LOCAL, RIGHTS } from "./errors.ts";
import type { Image, Images } from "./images.ts";
import { findCopies, isDigestFolder, isTagFolder, readFolders } from "./search.ts";
import type { Folder } from "./search.ts";

type Deletion = Pick<Registry, "deleteTags" | "deleteManifests">;

/** Removes folders: each tag's, and those of manifests that were pushed by digest. */
export function createDeletion(images: Images, base: Pick<Registry, "resolve">): Deletion {
  const kinds = new Map<string, Promise<string | undefined>>();

  return {
    async *deleteTags(repository, tags, options = {}) {
      if (tags.length === 0) return;
      const ready = await attempt(options, () => lookAtTags(repository, tags, options));
      if (ready instanceof RegistryError) {
        for (const tag of tags) yield tagOutcome(tag, ready);
        return;
      }
      const { image, folders, single } = ready;
      yield* settleAll(tags, async (tag) => {
        const error = await attempt(options, async () => {
          const folder = folders.get(tag);
          refuseDeeper(image, folder === undefined ? [] : [folder]);
          refuseHidden(image, folder === undefined ? [] : [folder], single);
          await removeFolder(image, tag, { ...repository, tag }, folder !== undefined, options);
        });
        return tagOutcome(tag, error);
      });
    },

    async *deleteManifests(repository, digests, options = {}) {
      if (digests.length === 0) return;
      const ready = await attempt(options, () => lookAtManifests(repository, digests, options));
      if (ready instanceof RegistryError) {
        for (const digest of digests) yield deletionOutcome(digest, ready);
        return;
      }
      const errors = new Map<Digest, RegistryError>();
      const settled = settleAll(digests, async (digest) => {
        const error = await attempt(options, () => deleteManifest(ready, digest, options));
        if (error !== undefined) errors.set(digest, error);
      });
      for await (const _ of settled) continue;
      yield* outcomes(ready.image, digests, errors, options);
    },
  };

  /** Folders of the tags, and which manifests would be lost with a tag though nobody asked for that. */
  async function lookAtTags(
    repository: Repository,
    tags: readonly string[],
    options: CallOptions,
  ): Promise<Ready> {
    const image = await images.open(repository, options);
    const purpose = purposeOf(image, options);
    await requireLocal(image, options);
    const folders = await readFolders(image.client, image.place, tags, purpose);
    return { image, folders, single: await findSingles(image, folders, options) };
  }

  async function lookAtManifests(
    repository: Repository,
    digests: readonly Digest[],
    options: CallOptions,
  ): Promise<Ready & { readonly copies: ReadonlyMap<Digest, readonly string[]> }> {
    const image = await images.open(repository, options);
    const { client, place } = image;
    const purpose = purposeOf(image, options);
    await requireLocal(image, options);
    const known = digests.filter((digest) => digest.startsWith("sha256:"));
    const copies = await findCopies(client, place, known, purpose);
    const names = [...new Set([...copies.values()].flat())];
    const folders = await readFolders(client, place, names, purpose);
    return { image, folders, copies, single: await findSingles(image, folders, options) };
  }

  /** Manifests hidden behind a list whose only copy lies in one of the folders. */
  async function findSingles(
    image: Image,
    folders: ReadonlyMap<string, Folder>,
    options: CallOptions,
  ): Promise<ReadonlySet<Digest>> {
    const hidden = [...folders.values()].flatMap((folder) => folder.hidden?.digest ?? []);
    if (hidden.length === 0) return new Set();
    const purpose = purposeOf(image, options);
    const copies = await findCopies(image.client, image.place, hidden, purpose);
    return new Set(
      hidden.filter((digest) => (copies.get(digest) ?? []).every((name) => folders.has(name))),
    );
  }

  async function deleteManifest(
    { image, folders, copies, single }: Awaited<ReturnType<typeof lookAtManifests>>,
    digest: Digest,
    options: DeleteOptions,
  ): Promise<void> {
    const reference = { ...image.repository, digest };
    const found = (copies.get(digest) ?? []).flatMap((name) => folders.get(name) ?? []);
    if (found.length === 0) return requireAbsence(reference, "absent", options);
    const known = options.tags?.get(digest);
    const tagged = found.filter((folder) => isTagFolder(folder) && folder.served.digest === digest);
    const byDigest = found.filter(({ name }) => isDigestFolder(name, digest));
    const others = found.filter((folder) => !tagged.includes(folder) && !byDigest.includes(folder));
    const unasked = tagged.filter(({ name }) => known !== undefined && !known.includes(name));
    if (unasked.length > 0) throw hasOtherTag(reference, unasked);
    if (others.length > 0) throw hasHiddenCopy(reference, others);
    refuseDeeper(image, [...tagged, ...byDigest]);
    refuseHidden(image, tagged, single);
    for (const { name } of tagged) {
      await removeFolder(image, name, { ...image.repository, tag: name }, true, options);
    }
    // Last: as long as a tag is there, the manifest is what it resolves to.
    for (const { name } of byDigest) await removeFolder(image, name, reference, true, options);
  }

  /** Looks once more which copies are there: a tag may have come meanwhile, and it keeps its own. */
  async function* outcomes(
    image: Image,
    digests: readonly Digest[],
    errors: ReadonlyMap<Digest, RegistryError>,
    options: CallOptions,
  ): AsyncGenerator<DeletionOutcome> {
    const gone = digests.filter((digest) => !errors.has(digest) && digest.startsWith("sha256:"));
    const left = await attempt(options, () =>
      findCopies(image.client, image.place, gone, purposeOf(image, options)),
    );
    for (const digest of digests) {
      const copies = left instanceof RegistryError ? [] : (left.get(digest) ?? []);
      const reference = { ...image.repository, digest };
      const error =
        errors.get(digest) ??
        (left instanceof RegistryError && gone.includes(digest) ? left : undefined) ??
        (copies.length === 0 ? undefined : cameMeanwhile(reference, copies));
      yield deletionOutcome(digest, error);
    }
  }

  async function removeFolder(
    { client, place }: Image,
    name: string,
    reference: Reference,
    wasSeen: boolean,
    { signal }: CallOptions,
  ): Promise<void> {
    const purpose = { verb: "delete", reference: formatReference(reference), signal };
    const path = `${place.key}/${place.image}/${name}`;
    const answer = wasSeen ? await client.remove(path, purpose) : "absent";
    if (answer === "removed") return;
    await requireAbsence(reference, answer, signal === undefined ? {} : { signal });
  }

  /** A 404, or nothing in a search, may hide what the user may not see; a proxy's page removes nothing. */
  async function requireAbsence(
    reference: Reference,
    answer: "absent" | "unclear",
    options: CallOptions,
  ): Promise<void> {
    const found = await base.resolve(reference, options);
    if (found === undefined) return;
    const what = `${reference.host}: cannot delete ${formatReference(reference)}`;
    if (answer === "unclear") {
      throw new RegistryError(
        "protocol",
        `${what}: protocol (it is still there, though the answer was no refusal)`,
      );
    }
    throw new RegistryError(
      "denied",
      `${what}: denied (it is there, though Artifactory's storage does not show it)`,
      {
        hint: `The user needs the permissions ${RIGHTS.read} and ${RIGHTS.delete} on the repository.`,
      },
    );
  }

  async function requireLocal(image: Image, options: CallOptions): Promise<void> {
    const { key } = image.place;
    const asked = kinds.get(key) ?? image.client.kindOf(key, purposeOf(image, options));
    kinds.set(key, asked);
    const kind = await asked.catch((error: unknown) => {
      kinds.delete(key);
      throw error;
    });
    if (kind !== "remote" && kind !== "virtual") return;
    throw new RegistryError(
      "unsupported",
      `${image.repository.host}: cannot delete in ${image.text}: unsupported ("${key}" is a ${kind} repository)`,
      { hint: NOT_LOCAL },
    );
  }
}

interface Ready {
  readonly image: Image;
  readonly folders: ReadonlyMap<string, Folder>;
  /** Hidden manifests that have no copy outside of the folders. */
  readonly single: ReadonlySet<Digest>;
}

function purposeOf(
  { text }: Pick<Image, "text">,
  { signal }: CallOptions,
): { readonly verb: string; readonly reference: string; readonly signal: AbortSignal | undefined } {
  return { verb: "delete in", reference: text, signal };
}

/** A folder goes with all that is below it: that of `shop:api` with every tag of `shop/api`. */
function refuseDeeper({ repository, place }: Image, folders: readonly Folder[]): void {
  const folder = folders.find(({ deeper }) => deeper !== undefined);
  if (folder === undefined) return;
  const { host, name } = repository;
  throw new RegistryError(
    "conflict",
    `${host}: cannot delete ${host}/${name}:${folder.name}: conflict (its folder also holds ${place.key}/${folder.deeper ?? ""}, which would be lost)`,
    {
      hint: "An image is named like this tag of another one; remove that image first, or rename it.",
    },
  );
}

function refuseHidden(
  { repository }: Image,
  folders: readonly Folder[],
  single: ReadonlySet<Digest>,
): void {
  const folder = folders.find(({ hidden }) => hidden !== undefined && single.has(hidden.digest));
  if (folder === undefined) return;
  const { host, name } = repository;
  throw new RegistryError(
    "conflict",
    `${host}: cannot delete ${host}/${name}:${folder.name}: conflict (its folder also holds ${folder.hidden?.digest ?? "a manifest"}, which would be lost)`,
    {
      hint: "A single image was pushed over a tag that held a list; remove the folder in Artifactory when neither is needed.",
    },
  );
}

function hasOtherTag(reference: Reference, folders: readonly Folder[]): RegistryError {
  const names = folders.map(({ name }) => name).join(", ");
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (it has a tag that was not there before: ${names})`,
  );
}

function hasHiddenCopy(reference: Reference, folders: readonly Folder[]): RegistryError {
  const names = folders.map(({ name }) => name).join(", ");
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (the folder of another manifest holds a copy: ${names})`,
    { hint: "It goes together with that folder." },
  );
}

function cameMeanwhile(reference: Reference, copies: readonly string[]): RegistryError {
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (it was pushed again meanwhile: ${copies.join(", ")})`,
  );
}
