import type { Answers, Child, Question, UntaggedManifest } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { ManifestEntry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import type { Home } from "./homes.ts";
import { mapParallel } from "../parallel.ts";

/** What a cleanup was asked to remove besides the tags of its project. */
export interface SweepPolicy {
  /** Whether manifests go that no tag names and that nothing staying leads to. Default: false. */
  readonly deleteUntagged?: boolean;
  /** Whether signatures and other referrers go whose subject is not there. Default: false. */
  readonly deleteOrphans?: boolean;
  /** How young such a manifest must be to stay for its age; 0 is off. Default: as for stages. */
  readonly keepUntaggedWithinHours?: number;
}

/** Readings after which a listing that never agrees with itself is given up. */
const MAX_READINGS = 5;

/**
 * Every manifest that no tag names. `undefined` where nobody asked for them, and where the registry does not tell. A
 * registry that pages by offset is read until two readings agree.
 */
export async function listUntagged(
  { registry, repository }: Home,
  policy: SweepPolicy,
  { report, signal }: Pick<CommandDeps, "report" | "signal">,
): Promise<readonly UntaggedManifest[] | undefined> {
  if (!isAsked(policy) || !registry.capabilities.untaggedListing) return undefined;
  report({ type: "phase.started", phase: "listing manifests" });
  let listing = await readListing({ registry, repository }, signal);
  if (registry.capabilities.listingPaging === "cursor") return untaggedOf(listing);
  for (let reading = 1; reading < MAX_READINGS; reading += 1) {
    const again = await readListing({ registry, repository }, signal);
    if (isSame(listing, again)) return untaggedOf(again);
    listing = again;
  }
  throw new GuardError(
    "incomplete-listing",
    `the listing of manifests changed between ${MAX_READINGS} readings; run again when fewer builds are pushing`,
  );
}

/** Says what was asked and cannot be done here. */
export function sweepProblems(
  { registry, repository }: Home,
  { deleteUntagged }: SweepPolicy,
): string[] {
  if (deleteUntagged !== true) return [];
  const { untaggedListing, manifestDeletion } = registry.capabilities;
  const name = formatRepository(repository);
  if (!untaggedListing) {
    return [
      `${name}: this registry does not tell which manifests have no tag, so --delete-untagged finds none`,
    ];
  }
  return manifestDeletion === "none"
    ? [`${name}: this registry does not delete manifests, so --delete-untagged removes none`]
    : [];
}

function isAsked({ deleteUntagged, deleteOrphans }: SweepPolicy): boolean {
  return deleteUntagged === true || deleteOrphans === true;
}

async function readListing(
  { registry, repository }: Home,
  signal: AbortSignal,
): Promise<readonly ManifestEntry[]> {
  try {
    return await Array.fromAsync(registry.listManifests(repository, { signal }));
  } catch (error) {
    if (isRegistryError(error, "protocol")) {
      throw new GuardError("incomplete-listing", error.message);
    }
    throw error;
  }
}

function untaggedOf(listing: readonly ManifestEntry[]): UntaggedManifest[] {
  return listing
    .filter(({ tags }) => tags.length === 0)
    .map(({ digest, mediaType, pushedAt }) => ({
      digest,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    }));
}

function isSame(a: readonly ManifestEntry[], b: readonly ManifestEntry[]): boolean {
  const digests = new Set(a.map(({ digest }) => digest));
  return a.length === b.length && b.every(({ digest }) => digests.has(digest));
}

/** What the registry said, growing. */
export interface AnswerBook extends Answers {
  /** Asks what was not asked yet. */
  answer(questions: readonly Question[]): Promise<void>;
  /** Forgets what was said not to be there: it may have come since. Answers whether there was any. */
  doubt(): boolean;
}

export function createAnswerBook(
  { registry, repository: { host, name } }: Home,
  { parallel, report, signal }: Pick<CommandDeps, "parallel" | "report" | "signal">,
): AnswerBook {
  const presence = new Map<Digest, boolean>();
  const referrers = new Map<Digest, readonly Child[]>();
  return {
    presence,
    referrers,
    async answer(questions) {
      const phase = questions.some(({ ask }) => ask === "referrers")
        ? "asking for referrers"
        : "looking for what signatures are about";
      const each = new Map(questions.map((one) => [`${one.ask} ${one.digest}`, one]));
      report({ type: "phase.started", phase, total: each.size });
      let done = 0;
      await mapParallel([...each.values()], parallel, async ({ ask, digest }) => {
        const reference = { host, name, digest };
        if (ask === "presence") {
          presence.set(digest, (await registry.resolve(reference, { signal })) !== undefined);
        } else {
          const found = await Array.fromAsync(registry.listReferrers(reference, { signal }));
          const children = found.map((one) => ({ digest: one.digest, mediaType: one.mediaType }));
          referrers.set(digest, children);
        }
        done += 1;
        report({ type: "phase.advanced", phase, done });
      });
    },
    doubt() {
      const absent = [...presence].filter(([, isThere]) => !isThere);
      for (const [digest] of absent) presence.delete(digest);
      return absent.length > 0;
    },
  };
}
