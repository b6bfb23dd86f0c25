import { count, nameFew } from "../../engine/audit/findings/draft.ts";
import type { Ground } from "../../engine/audit/ground.ts";
import { PULLED, verdictsOf } from "../../engine/audit/ground.ts";
import type { Verdict } from "../../engine/audit/ground.ts";
import type { Thresholds } from "../../engine/audit/thresholds.ts";
import { catalogTags } from "../../engine/cleanup/catalog.ts";
import { checkGuards } from "../../engine/cleanup/guards.ts";
import type { InventoryTag, UntaggedManifest } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Gathered } from "../cleanup/gathered.ts";
import { homeOf } from "../cleanup/homes.ts";
import type { Home } from "../cleanup/homes.ts";
import { listUntagged } from "../cleanup/untagged.ts";
import type { CommandDeps } from "../deps.ts";
import { lookAgain } from "./look-again.ts";
import type { Changes } from "./look-again.ts";
import { findLostBlobs } from "./lost-blobs.ts";
import { readContents } from "./read-contents.ts";
import { lookForSubjects } from "./subjects.ts";

/** Most characters of a tag. Source: OCI distribution-spec, "Pulling manifests". */
const MAX_TAG = 128;

export interface GatheredAudit {
  readonly ground: Ground;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** A repository that a cleanup was planned for. */
export interface Planned {
  readonly gathered: Gathered;
  /** Of a copy: the repository that it comes from. */
  readonly primary?: Gathered;
}

/** How closely a repository is looked at. */
export interface Depth {
  readonly thresholds: Thresholds;
  /** Whether every blob is asked for. */
  readonly checksBlobs: boolean;
}

/** Reads all that the tags of a planned repository lead to. */
export async function gatherAudit(
  { gathered, primary }: Planned,
  { thresholds, checksBlobs }: Depth,
  deps: CommandDeps,
): Promise<GatheredAudit> {
  const { input, plan, findings, homes, facts } = gathered;
  const catalog = catalogTags(input, facts);
  if ("needs" in catalog) throw new Error("a plan was made without what it needs");
  const verdicts = verdictsOf(plan);
  const home = homes.stages;
  const untagged = await listUntagged(home, { deleteUntagged: true }, deps);
  const whereIs = (digest: Digest): Home => homeOf(digest, homes, gathered.tags());
  const read = await readContents(wantedOf(input.tags, untagged, verdicts), whereIs, deps);
  const { contents, missing, withoutConfig, unreadable } = read;
  await lookForSubjects({ input, contents }, missing, home, deps);
  const { lacking, warnings } = checksBlobs
    ? await findLostBlobs({ contents, withoutConfig, whereIs }, deps)
    : { lacking: withoutConfig, warnings: [] };
  const { tags } = input;
  const changes = await lookAgain({ tags, contents, missing, lacking, whereIs }, homes, deps);
  const ground: Ground = {
    repository: formatRepository(home.repository),
    input,
    catalog,
    plan,
    ...(findings.lastRun === undefined ? {} : { lastRun: findings.lastRun }),
    contents,
    missing,
    lacking,
    gone: { tags: changes.went.union(changes.moved), manifests: changes.manifests },
    ...(untagged === undefined ? {} : { untagged }),
    ...(primary === undefined ? {} : { told: primary.input }),
    maxTag: MAX_TAG,
    thresholds,
  };
  const objections = checkGuards(plan, findings, undefined).map(
    ({ message }) => `${ground.repository}: a cleanup would stop before it deletes: ${message}`,
  );
  return {
    ground,
    verdicts,
    warnings: [...objections, ...warningsOf(ground, changes, unreadable), ...warnings],
  };
}

/** What is to be read, and whether with the config: those of images that people pull. */
function wantedOf(
  tags: readonly InventoryTag[],
  untagged: readonly UntaggedManifest[] | undefined,
  verdicts: ReadonlyMap<string, Verdict>,
): ReadonlyMap<Digest, boolean> {
  const wanted = new Map<Digest, boolean>(untagged?.map(({ digest }) => [digest, false]));
  for (const { tag, digest } of tags) {
    if (digest === undefined) continue;
    const label = verdicts.get(tag)?.class;
    const isPulled = label !== undefined && PULLED.has(label);
    wanted.set(digest, isPulled || wanted.get(digest) === true);
  }
  return wanted;
}

function warningsOf(
  { repository, catalog, untagged }: Ground,
  { went, moved }: Changes,
  unreadable: ReadonlyMap<Digest, string>,
): readonly string[] {
  const warnings: string[] = [];
  for (const [{ size }, did] of [
    [went, "went"],
    [moved, "moved"],
  ] as const) {
    if (size === 0) continue;
    warnings.push(
      `${repository}: ${count(size, "tag")} ${did} while the audit read the repository`,
    );
  }
  if (untagged === undefined) {
    warnings.push(
      `${repository}: this registry does not tell which manifests have no tag, so they are not in this audit, nor are referrers among them whose subject is gone`,
    );
  }
  if (unreadable.size > 0) {
    const names = [...unreadable].map(
      ([digest, why]) => `${catalog.byDigest.get(digest)?.[0]?.tag ?? digest} (${why})`,
    );
    warnings.push(
      `${repository}: what they are made of cannot be read, so their sizes, times and bases may be wrong: ${nameFew(names.toSorted())}`,
    );
  }
  return warnings;
}
