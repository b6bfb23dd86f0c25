import type { Content } from "../../engine/audit/content.ts";
import type { Ground } from "../../engine/audit/ground.ts";
import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import type { TagEntry } from "../../registry/registry.ts";
import { listHomes, resolveHomes } from "../cleanup/homes.ts";
import type { Home, Homes } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";

/** What changed while a repository was read: somebody is at work there. */
export interface Changes {
  /** Tags that are not listed any more. */
  readonly went: ReadonlySet<string>;
  /** Tags that lead elsewhere than before. Only those were looked at that led to something doubtful. */
  readonly moved: ReadonlySet<string>;
  /** Manifests of the doubtful ones that are not there any more. */
  readonly manifests: ReadonlySet<Digest>;
}

/** What was read, and what of it is not there. */
interface Doubts {
  readonly tags: readonly InventoryTag[];
  readonly contents: ReadonlyMap<Digest, Content>;
  readonly missing: ReadonlySet<Digest>;
  readonly lacking: Ground["lacking"];
  readonly whereIs: (digest: Digest) => Home;
}

const NOTHING: Changes = { went: new Set(), moved: new Set(), manifests: new Set() };

/**
 * Looks again where something is not there: what led to it may have gone or moved since it was read. Where nothing is
 * missing, it asks nothing.
 */
export async function lookAgain(
  { tags, contents, missing, lacking, whereIs }: Doubts,
  homes: Homes,
  deps: CommandDeps,
): Promise<Changes> {
  const lost = tags.filter(({ digest }) => digest === undefined);
  if (missing.size === 0 && lacking.size === 0 && lost.length === 0) return NOTHING;
  const doubtful = [...contents].flatMap(([digest, { children }]) =>
    lacking.has(digest) || children.some((child) => missing.has(child.digest)) ? [digest] : [],
  );
  const suspects = new Set([...missing, ...doubtful]);
  const before = new Map(
    tags
      .filter(({ digest }) => digest === undefined || suspects.has(digest))
      .map(({ tag, digest }) => [tag, digest]),
  );
  const listing = await listHomes(homes, deps);
  const { stages, records } = listing;
  const listed = new Set([...stages, ...(records ?? [])].map(({ tag }) => tag));
  const isSuspect = ({ tag }: TagEntry): boolean => before.has(tag);
  const again = await resolveHomes(
    homes,
    {
      stages: stages.filter(isSuspect),
      ...(records === undefined ? {} : { records: records.filter(isSuspect) }),
    },
    deps,
  );
  const moved = again.tags.filter(
    ({ tag, digest }) => digest !== undefined && digest !== before.get(tag),
  );
  return {
    went: new Set(tags.map(({ tag }) => tag).filter((tag) => !listed.has(tag))),
    moved: new Set(moved.map(({ tag }) => tag)),
    manifests: await findGone(doubtful, whereIs, deps),
  };
}

async function findGone(
  digests: readonly Digest[],
  whereIs: (digest: Digest) => Home,
  { parallel, signal }: CommandDeps,
): Promise<ReadonlySet<Digest>> {
  const gone = new Set<Digest>();
  await mapParallel(digests, parallel, async (digest) => {
    const { registry, repository } = whereIs(digest);
    const { host, name } = repository;
    const found = await registry.resolve({ host, name, digest }, { signal });
    if (found === undefined) gone.add(digest);
  });
  return gone;
}
