import { attempt, undeleteOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  DeletedManifest,
  Registry,
  UndeleteOutcome,
} from "../../src/registry/registry.ts";
import type { Purpose } from "./client.ts";
import type { Image, Images } from "./images.ts";
import { findCopies, isDigestFolder } from "./search.ts";

/** Where Artifactory keeps what was deleted: `auto-trashcan/<repository>/<path>`. */
const TRASH_KEY = "auto-trashcan";

/** How long a restored folder may take to show, and how often it is looked for. Milliseconds. */
const LOOK_EVERY_MS = 1000;
const MAX_LOOKS = 10;

/** Asks folders back out of the trash can: those of the tags, and the manifest's own. Settles every digest. */
export async function* undelete(
  images: Images,
  base: Pick<Registry, "resolve">,
  request: {
    readonly repository: Image["repository"];
    readonly deleted: readonly DeletedManifest[];
  },
  options: CallOptions = {},
): AsyncGenerator<UndeleteOutcome> {
  const { sleep } = images.context;
  const { signal } = options;
  const image = await images.open(request.repository, options);
  yield* settleAll(request.deleted, async (item) =>
    undeleteOutcome(item.digest, await attempt(options, () => restore(item))),
  );

  async function restore({ digest, tags }: DeletedManifest): Promise<void> {
    const { key, image: path } = image.place;
    const reference = formatReference({ ...image.repository, digest });
    const purpose: Purpose = { verb: "restore", reference, signal };
    const missing = await missingTags({ digest, tags });
    const isThere = (await base.resolve({ ...image.repository, digest }, options)) !== undefined;
    if (missing.length === 0 && isThere) return;
    const trash = { key: TRASH_KEY, image: `${key}/${path}` };
    const found = await findCopies(image.client, trash, [digest], purpose);
    const folders = found.get(digest) ?? [];
    const lost = missing.filter((tag) => !folders.includes(tag));
    const wanted = folders.filter(
      (name) => missing.includes(name) || (!isThere && isDigestFolder(name, digest)),
    );
    if (lost.length > 0 || wanted.length === 0) throw notInTrash(reference, lost);
    for (const name of wanted) await image.client.restore(`${key}/${path}/${name}`, purpose);
    await waitFor({ digest, tags: missing }, reference);
  }

  /** Tags that point at nothing. Rejects when one points elsewhere: restoring would overwrite it. */
  async function missingTags({ digest, tags }: DeletedManifest): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const tag of tags) {
      const reference = { ...image.repository, tag };
      const found = await base.resolve(reference, options);
      if (found === undefined) missing.push(tag);
      else if (found.digest !== digest) {
        throw new RegistryError(
          "conflict",
          `${image.repository.host}: cannot restore ${formatReference(reference)}: conflict (the tag is at ${found.digest} by now)`,
        );
      }
    }
    return missing;
  }

  async function waitFor({ digest, tags }: DeletedManifest, reference: string): Promise<void> {
    for (let look = 1; look <= MAX_LOOKS; look += 1) {
      const left = await missingTags({ digest, tags });
      const found = await base.resolve({ ...image.repository, digest }, options);
      if (left.length === 0 && found !== undefined) return;
      await sleep(LOOK_EVERY_MS, signal);
    }
    throw new RegistryError(
      "unavailable",
      `${image.repository.host}: cannot restore ${reference}: unavailable (it was asked for and does not show)`,
    );
  }

  function notInTrash(reference: string, tags: readonly string[]): RegistryError {
    const what = tags.length === 0 ? "it is" : `${tags.join(", ")} is`;
    return new RegistryError(
      "not-found",
      `${image.repository.host}: cannot restore ${reference}: not-found (${what} not in the trash can)`,
      {
        hint: "The trash can may be off, emptied, or closed to this user: it takes the permission Manage.",
      },
    );
  }
}
