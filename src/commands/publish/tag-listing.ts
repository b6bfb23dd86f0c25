import { readStageListing } from "../../engine/publish/stage-listing.ts";
import type { StageListing } from "../../engine/publish/stage-listing.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { listTagNames } from "../tag-names.ts";

/** The tags of one repository during one run. A list that is taken serves everyone who asked for one before it began. */
export interface TagListing {
  /** The stages of one digest in the list that the run began with, and what came to its knowledge since. */
  known(stageDigest: string): Promise<StageListing>;
  /** The stages of one digest in a list that began after this call, and what the run has written. */
  fresh(stageDigest: string): Promise<StageListing>;
  /** Whether the list that the run began with has a tag, or it came to the run's knowledge since. */
  has(tag: string): Promise<boolean>;
  /** Says that a tag is there, whatever a list shows: those of some registries lag behind. */
  add(tag: string): void;
  /** Says that a tag is gone. */
  remove(tag: string): void;
  /** Every tag that the run knows of. */
  tags(): ReadonlySet<string>;
}

/** Characters of a stage digest: what a stage id, and the marker that rejects it, begin with. */
const DIGEST_LENGTH = 56;

export function createTagListing(
  registry: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal,
): TagListing {
  const list = shareLists(async () => {
    const tags = await listTagNames(registry, repository, signal);
    for (const tag of tags) see(tag);
    return tags;
  });
  const seen = new Set<string>();
  const byDigest = new Map<string, Set<string>>();
  const written = new Set<string>();
  let first: Promise<unknown> | undefined;

  return {
    async known(stageDigest) {
      await readFirst();
      return readStageListing(byDigest.get(stageDigest) ?? []);
    },
    async fresh(stageDigest) {
      const isOurs = (tag: string): boolean => tag.startsWith(stageDigest);
      const listed = (await list()).filter(isOurs);
      return readStageListing(new Set([...listed, ...[...written].filter(isOurs)]));
    },
    async has(tag) {
      await readFirst();
      return seen.has(tag);
    },
    add(tag) {
      written.add(tag);
      see(tag);
    },
    remove(tag) {
      written.delete(tag);
      seen.delete(tag);
      byDigest.get(tag.slice(0, DIGEST_LENGTH))?.delete(tag);
    },
    tags: () => seen,
  };

  function readFirst(): Promise<unknown> {
    first ??= list();
    return first;
  }

  function see(tag: string): void {
    seen.add(tag);
    if (tag.length <= DIGEST_LENGTH) return;
    const digest = tag.slice(0, DIGEST_LENGTH);
    const siblings = byDigest.get(digest) ?? new Set();
    siblings.add(tag);
    byDigest.set(digest, siblings);
  }
}

/** Never answers with what began before the call; of all who call while one goes on, one begins the next. */
function shareLists<List>(take: () => Promise<List>): () => Promise<List> {
  let running: Promise<List> | undefined;
  let next: Promise<List> | undefined;
  const start = (): Promise<List> => {
    next = undefined;
    running = take().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (next !== undefined) return next;
    if (running === undefined) return start();
    next = running.then(start, start);
    return next;
  };
}
