import { count, nameFew } from "../../engine/audit/findings/draft.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { Contents } from "./read-contents.ts";

export interface LostBlobs {
  /** What manifests name and is provably not there, by manifest. */
  readonly lacking: ReadonlyMap<Digest, readonly Digest[]>;
  /** Sentences for people: what could not be found out. */
  readonly warnings: readonly string[];
}

/** So many blobs without an answer are the trouble of the registry: the rest would take hours to find nothing. */
const MOST_FAILURES = 10;

/**
 * Asks for every blob that manifests name, once where they are. What the registry says twice it has not is lost; no answer
 * is no proof.
 */
export async function findLostBlobs(
  {
    contents,
    withoutConfig,
    whereIs,
  }: Pick<Contents, "contents" | "withoutConfig"> & {
    readonly whereIs: (digest: Digest) => Home;
  },
  deps: CommandDeps,
): Promise<LostBlobs> {
  const byHome = Map.groupBy(contents, ([digest]) => whereIs(digest));
  const lacking = new Map(withoutConfig);
  const warnings: string[] = [];
  for (const [home, named] of byHome) {
    const wanted = new Set(named.flatMap(([, { blobs }]) => blobs.map(({ digest }) => digest)));
    const { lost, failed, unasked } = await lookForBlobs(home, [...wanted], deps);
    for (const [digest, { blobs }] of named) {
      const known = withoutConfig.get(digest) ?? [];
      const gone = blobs.filter((blob) => lost.has(blob.digest)).map((blob) => blob.digest);
      if (gone.length > 0) lacking.set(digest, [...new Set([...known, ...gone])]);
    }
    warnings.push(...warningsOf(home, failed, unasked));
  }
  return { lacking, warnings };
}

interface Looked {
  readonly lost: ReadonlySet<Digest>;
  /** Why a blob could not be asked for. */
  readonly failed: ReadonlyMap<Digest, string>;
  /** How many were not asked for any more. */
  readonly unasked: number;
}

async function lookForBlobs(
  { registry, repository }: Home,
  blobs: readonly Digest[],
  { parallel, report, signal }: CommandDeps,
): Promise<Looked> {
  const lost = new Set<Digest>();
  const failed = new Map<Digest, string>();
  const phase = "looking for blobs";
  report({ type: "phase.started", phase, total: blobs.length });
  let done = 0;
  await mapParallel(blobs, parallel, async (digest) => {
    if (failed.size >= MOST_FAILURES) return;
    const look = (): Promise<boolean> => registry.hasBlob(repository, digest, { signal });
    try {
      // Registries forget for a moment.
      if (!((await look()) || (await look()))) lost.add(digest);
    } catch (error) {
      if (!isRegistryError(error)) throw error;
      failed.set(digest, error.message);
    }
    done += 1;
    report({ type: "phase.advanced", phase, done });
  });
  return { lost, failed, unasked: blobs.length - done };
}

function warningsOf(
  { repository }: Home,
  failed: ReadonlyMap<Digest, string>,
  unasked: number,
): readonly string[] {
  const [last] = [...failed.values()].slice(-1);
  if (last === undefined) return [];
  const what = `${formatRepository(repository)}: ${count(failed.size, "blob")} could not be looked for`;
  if (unasked > 0) {
    const rest = unasked === 1 ? "the last one is" : `the other ${unasked} are`;
    return [`${what}, and then no more were, so nobody knows whether ${rest} there: ${last}`];
  }
  const they = failed.size === 1 ? "it is" : "they are";
  return [
    `${what}, so nobody knows whether ${they} there: ${nameFew([...failed.keys()])} (${last})`,
  ];
}
