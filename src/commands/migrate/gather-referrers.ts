import type { Digest } from "../../oci/digest.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { SourceBook } from "./gather-source.ts";

/** Finds what is about manifests, by tags or not. */
export interface ReferrerFinder {
  /** Whether it ever finds any. */
  readonly tells: boolean;
  /**
   * Digests of those that are about one of `subjects`, read with everything below them.
   *
   * @param subjects.kind `referrers`: they are about others themselves.
   */
  about(subjects: Subjects): Promise<readonly Digest[]>;
}

export interface Subjects {
  readonly kind: "images" | "referrers";
  readonly digests: readonly Digest[];
}

/** Finds none. */
export const noReferrers: ReferrerFinder = { tells: false, about: () => Promise.resolve([]) };

/**
 * Asks a registry that tells referrers by itself: one request a manifest, or, where it lists manifests too and has fewer
 * that nobody has read yet, the listing and one request for each of those. Where only tags tell there is nothing to ask.
 */
export async function createReferrerFinder(
  { registry, repository }: Home,
  book: SourceBook,
  deps: Pick<CommandDeps, "parallel" | "report" | "signal">,
): Promise<ReferrerFinder> {
  const { parallel, report, signal } = deps;
  const { host, name } = repository;
  const { referrers } = await registry.learn(repository, { only: "referrers", signal });
  if (referrers === "fallback-tag") return noReferrers;
  let unread: readonly Digest[] | undefined;
  let bySubject: Map<Digest, Digest[]> | undefined;
  const tagged = new Set<Digest>();
  let done = 0;
  return {
    tells: true,
    async about({ kind, digests }) {
      if (bySubject === undefined && (await isListingCheaper(digests.length))) {
        bySubject = await readSubjects();
      }
      const listed = bySubject === undefined ? [] : lookUp(bySubject, digests);
      // Some registries list what is about an image below the image, if that has a tag, and nothing below that.
      const isTold = (digest: Digest): boolean =>
        bySubject !== undefined && kind === "images" && tagged.has(digest);
      const asked = await ask(digests.filter((digest) => !isTold(digest)));
      const found = [...new Set([...listed, ...asked])];
      await book.read(found);
      return found;
    },
  };

  async function isListingCheaper(subjects: number): Promise<boolean> {
    if (!registry.capabilities.untaggedListing) return false;
    if (unread === undefined) {
      report({ type: "phase.started", phase: "listing manifests" });
      const all = await Array.fromAsync(registry.listManifests(repository, { signal }));
      for (const { digest, tags } of all) if (tags.length > 0) tagged.add(digest);
      unread = all.map(({ digest }) => digest).filter((digest) => !book.known.has(digest));
    }
    return unread.length <= subjects;
  }

  async function readSubjects(): Promise<Map<Digest, Digest[]>> {
    await book.read(unread ?? []);
    const subjects = new Map<Digest, Digest[]>();
    for (const [digest, known] of book.known) {
      if (typeof known === "string" || known.subject === undefined) continue;
      const others = subjects.get(known.subject);
      if (others === undefined) subjects.set(known.subject, [digest]);
      else others.push(digest);
    }
    return subjects;
  }

  async function ask(subjects: readonly Digest[]): Promise<readonly Digest[]> {
    const phase = "asking for referrers";
    if (subjects.length > 0) {
      report({ type: "phase.started", phase, total: done + subjects.length });
    }
    const found = new Set<Digest>();
    await mapParallel(subjects, parallel, async (digest) => {
      for await (const one of registry.listReferrers({ host, name, digest }, { signal })) {
        found.add(one.digest);
      }
      done += 1;
      report({ type: "phase.advanced", phase, done });
    });
    return [...found];
  }
}

function lookUp(
  bySubject: ReadonlyMap<Digest, readonly Digest[]>,
  subjects: readonly Digest[],
): readonly Digest[] {
  return [...new Set(subjects.flatMap((subject) => bySubject.get(subject) ?? []))];
}
