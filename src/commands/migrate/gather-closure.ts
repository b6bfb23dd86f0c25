import { createWholeness, childrenFirst } from "../../engine/migrate/closure.ts";
import type { Broken } from "../../engine/migrate/closure.ts";
import type { PlannedTag } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import { mapParallel } from "../parallel.ts";
import type { ReferrerFinder } from "./gather-referrers.ts";
import type { SourceBook } from "./gather-source.ts";
import type { SourceTag } from "./gather-tags.ts";
import type { TargetBook } from "./target-book.ts";

/** A tag on its way to one repository of the target. */
export interface Going extends PlannedTag {
  /** Absent where nobody told. */
  readonly mediaType?: string;
}

/** What goes to one repository of the target. */
export interface Closed {
  /** Whole, with everything below them. */
  readonly tags: readonly Going[];
  /** Tags that cannot be copied whole. */
  readonly broken: readonly { readonly going: Going; readonly broken: Broken }[];
  /** Manifests without a tag that are about what goes, and are not in the target. */
  readonly referrers: readonly Digest[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export interface ClosureSources {
  readonly book: SourceBook;
  readonly target: TargetBook;
  readonly finder: ReferrerFinder;
  /** Signatures by the digest that they are about. */
  readonly signatures: ReadonlyMap<Digest, readonly SourceTag[]>;
  /** Finds where signatures stand here; none for one that cannot go. */
  place(signatures: readonly SourceTag[]): Promise<readonly Going[]>;
  /** Most questions at a time. */
  readonly parallel: number;
}

/**
 * Reads what tags lead to, and finds what is about any of it, until nothing new comes up: signatures by their tags, other
 * referrers by asking.
 */
export async function closeOverTags(
  first: readonly Going[],
  { book, target, finder, signatures, place, parallel }: ClosureSources,
): Promise<Closed> {
  const reached = new Set<Digest>();
  const tags: Going[] = [];
  const broken: { readonly going: Going; readonly broken: Broken }[] = [];
  const referrers = new Set<Digest>();
  const warnings: string[] = [];
  const wholeness = createWholeness(book.known);
  const asked = new Set<Digest>();
  const met = new Set<string>();

  await add(first);
  await addReferrers();
  // What is there already was not read: the children of its indexes may have signatures and referrers too.
  if (finder.tells || [...signatures.values()].flat().some(({ tag }) => !met.has(tag))) {
    const indexes = tags.filter(
      ({ there, mediaType }) =>
        there === "present" && (mediaType === undefined || isIndexType(mediaType)),
    );
    await book.read(indexes.map(({ digest }) => digest));
    for (const { digest } of indexes) reach(digest);
    await addReferrers();
  }
  return { tags, broken, referrers: [...referrers], warnings };

  async function add(some: readonly Going[]): Promise<void> {
    const missing = some.filter(({ there }) => there !== "present");
    await book.read(missing.map(({ digest }) => digest));
    for (const going of some) {
      const { digest, there } = going;
      const problem = there === "present" ? undefined : wholeness.broken(digest);
      if (problem !== undefined) broken.push({ going, broken: problem });
      else {
        tags.push(going);
        reach(digest);
      }
    }
  }

  function reach(root: Digest): void {
    for (const digest of childrenFirst([root], book.known)) reached.add(digest);
  }

  async function addReferrers(): Promise<void> {
    for (let kind: "images" | "referrers" = "images"; ; kind = "referrers") {
      const fresh = [...reached].filter((digest) => !asked.has(digest));
      if (fresh.length === 0) return;
      for (const digest of fresh) asked.add(digest);
      const signed = fresh.flatMap((digest) => signatures.get(digest) ?? []);
      for (const { tag } of signed) met.add(tag);
      await add(await place(signed));
      const found = await finder.about({ kind, digests: fresh });
      await mapParallel(
        found.filter((digest) => !reached.has(digest)),
        parallel,
        addReferrer,
      );
    }
  }

  async function addReferrer(digest: Digest): Promise<void> {
    const problem = wholeness.broken(digest);
    if (problem !== undefined) {
      const { missing, how } = problem;
      const why = how === "absent" ? "is not there" : "is no manifest that can be read";
      warnings.push(`the referrer ${digest} is not copied: ${missing} ${why}`);
      return;
    }
    reach(digest);
    const links = book.known.get(digest);
    const subject = typeof links === "object" ? links.subject : undefined;
    const isThere =
      subject === undefined
        ? await target.hasManifest(digest)
        : await target.hasReferrer(digest, subject);
    if (!isThere) referrers.add(digest);
  }
}
