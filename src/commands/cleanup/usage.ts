import type { UsedImage } from "../../engine/cleanup/usage.ts";
import { isSameHost } from "../../oci/image-address.ts";
import type { Namespace, Repository } from "../../oci/reference.ts";
import { ClusterMissingError } from "../../usage/kubernetes/error.ts";
import type { ClusterRequest } from "../../usage/kubernetes/request.ts";
import type { Clusters } from "../../usage/kubernetes/open.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";

/** Who is asked which images are in use, and under which names. */
export interface UsagePolicy {
  readonly clusters: ClusterRequest;
  /** Whether the run goes on without a cluster that should be there. */
  readonly missingAllowed: boolean;
  readonly aliases: readonly Alias[];
}

/** That what lies at or below a place is known to clusters under other addresses, too. */
export interface Alias {
  readonly of: Namespace;
  readonly at: readonly Namespace[];
}

/** What is in use, for one run on one repository. */
export interface Usage {
  /** Other addresses of the repository. */
  readonly aliases: readonly Repository[];
  /** What the readings found so far: what was in use once in this run stays so, it may be on its way to another node. */
  readonly found: () => readonly UsedImage[];
  /** Reads once more; whether an image is in use that was not before. */
  read(age: "first" | "now"): Promise<boolean>;
}

/** How old a reading may be on which a first plan stands: several repositories are planned one after another. */
const FIRST_AGE_MS = 60_000;

/**
 * Finds the clusters and asks whether everything may be read, all at once. Answers `undefined` where no cluster is to be
 * asked. Rejects with `ClusterError`; with `GuardError` for a cluster that is missing.
 */
export async function openUsage(
  policy: UsagePolicy | undefined,
  repository: Repository,
  deps: Pick<CommandDeps, "openClusters" | "report">,
): Promise<Usage | undefined> {
  if (policy === undefined) return undefined;
  const clusters = await openClusters(policy, deps);
  await clusters.check();
  let found: ReadonlyMap<string, readonly UsedImage[]> = new Map();

  return {
    aliases: aliasesOf(repository, policy.aliases),
    found: () => [...found.values()].flat(),
    async read(age) {
      deps.report({ type: "phase.started", phase: "asking clusters" });
      const maxAgeMs = age === "first" ? FIRST_AGE_MS : 0;
      const used = Map.groupBy(await clusters.read({ maxAgeMs }), nameOf);
      const hasNew = used.keys().some((name) => !found.has(name));
      found = new Map([...found, ...used]);
      return hasNew;
    },
  };
}

/**
 * Lists while the clusters are asked whether they may be read. A refusal of theirs ends the listing: a right that is
 * missing is told at once.
 */
export async function besideListing<Listing>(
  opening: Promise<Usage | undefined>,
  { signal }: Pick<CommandDeps, "signal">,
  list: (signal: AbortSignal) => Promise<Listing>,
): Promise<{ readonly usage: Usage | undefined; readonly listing: Listing }> {
  const refusal = new AbortController();
  const listing = list(AbortSignal.any([signal, refusal.signal]));
  const ended = Promise.allSettled([listing]);
  try {
    const usage = await opening;
    return { usage, listing: await listing };
  } catch (error) {
    refusal.abort(error);
    await ended;
    throw error;
  }
}

/** The other addresses of a repository. */
export function aliasesOf(repository: Repository, aliases: readonly Alias[]): Repository[] {
  return aliases.flatMap(({ of, at }) => {
    const below = pathBelow(repository, of);
    if (below === undefined) return [];
    return at.map(({ host, name }) => ({
      host,
      name: [name, below].filter((part) => part !== "").join("/"),
    }));
  });
}

/** What a repository's name has after that of a place it lies at or below; `undefined` when it does not. */
function pathBelow(repository: Repository, place: Namespace): string | undefined {
  if (!isSameHost(repository, place)) return undefined;
  if (repository.name === place.name) return "";
  const start = place.name === "" ? "" : `${place.name}/`;
  return repository.name.startsWith(start) ? repository.name.slice(start.length) : undefined;
}

async function openClusters(
  { clusters, missingAllowed }: UsagePolicy,
  deps: Pick<CommandDeps, "openClusters">,
): Promise<Clusters> {
  try {
    return await deps.openClusters(clusters, { tolerant: missingAllowed });
  } catch (error) {
    if (!(error instanceof ClusterMissingError)) throw error;
    throw new GuardError(
      "cluster-missing",
      `${error.message}; --allow cluster-missing lets this run through`,
    );
  }
}

/** What an image goes by; two uses of one name mean the same image. */
function nameOf({ image, of = "" }: UsedImage): string {
  return `${image} ${of}`;
}
