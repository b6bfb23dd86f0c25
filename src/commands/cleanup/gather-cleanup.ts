import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import type { DeletionMeans } from "../../engine/cleanup/deletions.ts";
import type {
  CleanupInput,
  Facts,
  InventoryTag,
  Need,
  Primary,
} from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import { createCleanupPlanner } from "../../engine/cleanup/planner.ts";
import type { PlanFindings } from "../../engine/cleanup/samples.ts";
import type { KeepPolicy } from "../../engine/cleanup/policy.ts";
import type { Rule } from "../../engine/cleanup/rules/rule.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Capabilities } from "../../registry/capabilities.ts";
import type { Registry } from "../../registry/registry.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { FoundLease } from "../../engine/cleanup/leases.ts";
import type { CommandDeps, GitHistory } from "../deps.ts";
import { readFacts } from "../facts.ts";
import { homeOf, listHomes, resolveHomes } from "./homes.ts";
import type { Home, HomeListing, HomeTags, Homes } from "./homes.ts";
import { ownLeases, readLeases } from "./leases.ts";
import type { ListedLeases } from "./leases.ts";
import { refuseMovedRecords } from "./meta-repo.ts";
import { mapParallel } from "../parallel.ts";
import { readDefinitions, retireNames } from "./retirement.ts";
import type { Retiring } from "./retirement.ts";
import { besideListing, openUsage } from "./usage.ts";
import type { UsagePolicy } from "./usage.ts";
import { createAnswerBook, listUntagged, sweepProblems } from "./untagged.ts";
import type { SweepPolicy } from "./untagged.ts";

/** What a cleanup is asked to keep, and where. */
export interface CleanupPolicy {
  readonly repository: Repository;
  readonly project: string;
  readonly gitHistory: boolean;
  /** Whether the remote may be asked. */
  readonly fetch: boolean;
  readonly policies: readonly KeepPolicy[];
  readonly builtInPolicies: boolean;
  /** Rules that claim foreign tags; absent: none. */
  readonly rules?: readonly Rule[];
  readonly keepBuiltWithinHours: number;
  readonly keepList: ReadonlySet<string>;
  /** Who is asked which images are in use; absent: nobody. */
  readonly usage?: UsagePolicy;
  /** Where the records are, when they are not with the stages. */
  readonly metaRepo?: Repository;
  /** When image names go that no reference defines any more; absent: never. */
  readonly retire?: {
    /** How long after the last sign of life. Milliseconds. */
    readonly afterMs: number;
    /** The configuration file of this run. */
    readonly configPath: string;
  };
  /** Whether everything of the project is to go that nothing but policies keeps. Default: false. */
  readonly purge?: boolean;
  /** What goes besides the tags of the project. Absent: nothing. */
  readonly sweep?: SweepPolicy;
  /** How long a journal in the repository stays. Milliseconds. Absent: for good. */
  readonly journalKeepMs?: number;
}

/** A plan, and the means to make it again when the repository has changed. */
export interface Gathered {
  readonly plan: CleanupPlan;
  readonly findings: PlanFindings;
  /** What the plan was decided from. */
  readonly input: CleanupInput;
  /**
   * Lists again and plans again, as if the tags in `held`, and every tag that appeared or moved since the first plan, and
   * every manifest that came without one, were in the keep list: what somebody just pushed may need what it names, though
   * nothing tells that yet.
   *
   * Answers `undefined` when nothing is new: no tag appeared, none that can move has moved, none is held, and none is
   * missing but those in `gone`, which this run removed. What another removed counts: a custom tag without its record is
   * nobody's to delete.
   */
  replan(held: ReadonlySet<string>, gone: ReadonlySet<string>): Promise<CleanupPlan | undefined>;
  /** Asks clusters again, for the next `replan`: whether an image is in use that was not before. */
  hasNewUses(): Promise<boolean>;
  /** Reads the history again, for the next `replan`: the run had to wait. */
  rereadHistory(): Promise<void>;
  /** The leases of the last listing. */
  leases(): ListedLeases;
  readonly homes: Homes;
  /** What the last listing of the homes found. */
  tags(): HomeTags;
  /** What was read of manifests so far; what a digest says is the same everywhere. */
  readonly facts: ReadonlyMap<Digest, Facts>;
}

/** What a cleanup may be given besides the repository itself. */
export interface GatherContext {
  /** What the primary repository says by now, where this one holds its copies. Asked before each decision. */
  readonly primary?: () => Promise<Primary>;
  /** A listing that was taken already. */
  readonly listing?: HomeListing;
  /** What is known of manifests that are stored here or in another repository of the project. */
  readonly facts?: ReadonlyMap<Digest, Facts>;
}

/** Reads the repository and the history, and decides. Sends nothing that changes anything. */
export async function gatherCleanup(
  registry: Registry,
  policy: CleanupPolicy,
  deps: CommandDeps,
  context: GatherContext = {},
): Promise<Gathered> {
  const now = deps.now().getTime();
  const records = await openRecords(policy, deps);
  const stages: Home = { registry, repository: policy.repository };
  const homes: Homes = { stages, ...(records === undefined ? {} : { records }) };
  const { usage, listing } = await besideListing(
    openUsage(policy.usage, policy.repository, deps),
    deps,
    async (signal) => context.listing ?? listHomes(homes, { ...deps, signal }),
  );
  // The history after the listing: a commit is pushed before its records, so no record names one that is too new. So is
  // what clusters use: it was pushed before it was used.
  const [resolved, firstHistory] = await allOrFirstFailure(
    resolveHomes(homes, listing, deps),
    readHistory(policy, deps),
    usage?.read("first"),
  );
  let isNewlyUsed = false;
  let history = firstHistory;
  let definitions = await readDefinitions(policy, history, deps);
  let isReread = false;
  const facts = new Map<Digest, Facts>(context.facts);
  let capabilities = registry.capabilities;
  const sweep = policy.sweep ?? {};
  const answers = createAnswerBook(stages, deps);
  let untagged = await listUntagged(stages, sweep, deps);
  let planned: readonly Digest[] = [];
  let found = resolved;
  await refuseMovedRecords(found.stages, homes, { signal: deps.signal });
  let leases: ListedLeases = { own: new Set(), others: await readOthersLeases() };

  const decide = async (keepList: ReadonlySet<string>): Promise<Decided> => {
    const { tags } = found;
    const primary = await context.primary?.();
    const retiring = await retireNames(policy, { tags, now, history, definitions }, facts, read);
    const { retired } = retiring;
    const input: CleanupInput = {
      ...inputOf(policy, { tags, history, keepList, now }),
      ...(retired === undefined ? {} : { retired }),
      ...sweep,
      ...(untagged === undefined ? {} : { untagged }),
      planned,
      ...(usage === undefined ? {} : { usage: usage.found(), aliases: usage.aliases }),
      leases: [...leases.others, ...(primary?.leases ?? [])],
      ...(primary === undefined ? {} : { primary }),
    };
    const plan = createCleanupPlanner(input);
    for (;;) {
      const step = plan(facts, meansOf(capabilities), answers);
      if (step.kind === "plan") return { ...step, input, retiring };
      if (step.kind === "learn") {
        const learned = await registry.learn(policy.repository, {
          ...(step.only === undefined ? {} : { only: step.only }),
          signal: deps.signal,
        });
        capabilities = {
          ...capabilities,
          ...(step.only === undefined ? learned : referrersOf(learned)),
        };
      } else {
        if (step.questions !== undefined) await answers.answer(step.questions);
        await read(step.needs);
      }
    }
  };

  const { plan, findings, input, retiring } = await decide(policy.keepList);
  planned = plan.deletions.filter(({ tags }) => tags.length === 0).map(({ digest }) => digest);
  const problems = sweepProblems(stages, sweep);
  const warnings = [
    ...(history?.warnings ?? []),
    ...problems,
    ...retiring.warnings,
    ...plan.warnings,
  ];
  const first = found;
  const known = byTag(first.tags);
  const knownRecords = byTag(first.records ?? []);
  const knownDigests = new Set<string>([
    ...[...first.tags, ...first.stages].flatMap(({ digest }) => digest ?? []),
    ...(untagged ?? []).map(({ digest }) => digest),
  ]);
  const appeared = new Set<string>();
  const gathered: Gathered = {
    plan: { ...plan, warnings },
    findings,
    input,
    homes,
    facts,
    tags: () => found,
    leases: () => leases,
    async hasNewUses() {
      const hasNew = (await usage?.read("now")) ?? false;
      isNewlyUsed ||= hasNew;
      return hasNew;
    },
    async rereadHistory() {
      history = await readHistory(policy, deps);
      definitions = await readDefinitions(policy, history, deps);
      isReread = true;
    },
    async replan(held, gone) {
      const before = new Set(untagged?.map(({ digest }) => digest));
      // Before the tags: what gets one while they are listed has it there, and is no longer without.
      untagged = await listUntagged(stages, sweep, deps);
      for (const { digest } of untagged ?? []) if (!knownDigests.has(digest)) appeared.add(digest);
      const again = await listHomes(homes, deps);
      const own = ownLeases(again.stages, await deps.runner.identify());
      const others = again.stages.filter(({ tag }) => !own.has(tag) && !isNewJournal(tag));
      const [resolvedAgain, hasNewUses = false] = await allOrFirstFailure(
        resolveHomes(homes, { ...again, stages: others }, deps, first),
        usage?.read("now"),
      );
      found = resolvedAgain;
      isNewlyUsed ||= hasNewUses;
      leases = { own, others: await readOthersLeases() };
      const { tags } = found;
      for (const tag of newIn(tags, known)) appeared.add(tag);
      // Whatever somebody else has there may have come to the manifest of a record.
      for (const tag of newIn(found.records ?? [], knownRecords)) appeared.add(tag);
      const listed = new Set(tags.map(({ tag }) => tag));
      const isMissing = known
        .values()
        .some(({ tag, class: { kind } }) => kind !== "lease" && !listed.has(tag) && !gone.has(tag));
      const isDoubted = sweep.deleteOrphans === true && answers.doubt();
      const isNew = untagged?.some(({ digest }) => !before.has(digest)) ?? false;
      const isOutside = isNew || isDoubted || context.primary !== undefined || isReread;
      const isSame = appeared.size === 0 && held.size === 0 && !isMissing && !isNewlyUsed;
      if (isSame && !isOutside) return undefined;
      return (await decide(new Set([...policy.keepList, ...appeared, ...held]))).plan;
    },
  };
  deps.planned?.(gathered);
  return gathered;

  function read(needs: readonly Need[]): Promise<void> {
    return readAll((digest) => homeOf(digest, homes, found), needs, facts, deps);
  }

  /** A journal needs nothing, and this run may be writing it. */
  function isNewJournal(tag: string): boolean {
    return !known.has(tag) && classifyTag(tag).kind === "journal";
  }

  function readOthersLeases(): Promise<readonly FoundLease[]> {
    return readLeases(found.tags, (digest) => homeOf(digest, homes, found), facts, deps);
  }
}

function byTag(tags: readonly InventoryTag[]): ReadonlyMap<string, InventoryTag> {
  return new Map(tags.map((entry) => [entry.tag, entry]));
}

/** Tags that were not there before, or were something else. */
function newIn(
  tags: readonly InventoryTag[],
  before: ReadonlyMap<string, InventoryTag>,
): readonly string[] {
  const isNew = ({ tag, digest }: InventoryTag): boolean =>
    !before.has(tag) || before.get(tag)?.digest !== digest;
  return tags.filter(isNew).map(({ tag }) => tag);
}

async function openRecords(
  { metaRepo }: CleanupPolicy,
  deps: CommandDeps,
): Promise<Home | undefined> {
  if (metaRepo === undefined) return undefined;
  return { registry: await deps.openRegistry(metaRepo, "meta-repo"), repository: metaRepo };
}

interface Decided {
  readonly plan: CleanupPlan;
  readonly findings: PlanFindings;
  readonly input: CleanupInput;
  readonly retiring: Retiring;
}

/** `undefined` where the Git policies are off. */
async function readHistory(
  policy: CleanupPolicy,
  deps: CommandDeps,
): Promise<GitHistory | undefined> {
  if (!policy.gitHistory) return undefined;
  deps.report({ type: "phase.started", phase: "reading Git history" });
  return deps.readHistory({ fetch: policy.fetch });
}

/** All results; a failure is reported after the others have ended too, so that nothing goes on unseen. */
async function allOrFirstFailure<const Work extends readonly unknown[]>(
  ...works: Work
): Promise<{ -readonly [Place in keyof Work]: Awaited<Work[Place]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

function inputOf(
  policy: CleanupPolicy,
  {
    tags,
    history,
    keepList,
    now,
  }: Pick<CleanupInput, "tags" | "keepList" | "now"> & { readonly history: GitHistory | undefined },
): CleanupInput {
  const { repository, project, policies, builtInPolicies, keepBuiltWithinHours } = policy;
  return {
    repository,
    project,
    tags,
    ...(history === undefined ? {} : { history }),
    policies,
    builtInPolicies,
    keepBuiltWithinHours,
    keepList,
    ...(policy.rules === undefined ? {} : { rules: policy.rules }),
    ...(policy.purge === undefined ? {} : { purge: policy.purge }),
    ...(policy.journalKeepMs === undefined ? {} : { journalKeepMs: policy.journalKeepMs }),
    now,
  };
}

export function meansOf(capabilities: Capabilities): DeletionMeans {
  const { tagDeletion, manifestDeletion, lastTagTakesManifest } = capabilities;
  const { deletionCascade: cascade, referrers } = capabilities;
  return {
    cascade,
    referrers,
    lastTagTakesManifest,
    tagAlone: tagDeletion === "probe" ? undefined : tagDeletion !== "none",
    manifest: manifestDeletion !== "none",
  };
}

/** What was found out about referrers alone; what nobody can find out is nothing to ask for. */
function referrersOf({ referrers }: Capabilities): Pick<Capabilities, "referrers"> {
  return { referrers: referrers === "probe" ? "fallback-tag" : referrers };
}

/** Reads what is needed, once a digest, and the indexes below an index with it. */
async function readAll(
  homeOfDigest: (digest: Digest) => Home,
  needs: readonly Need[],
  facts: Map<Digest, Facts>,
  { parallel, signal, report }: CommandDeps,
): Promise<void> {
  if (facts.size === 0) report({ type: "phase.started", phase: "reading manifests" });
  const wanted = new Map<Digest, boolean>();
  for (const { digest, config } of needs) wanted.set(digest, config || wanted.get(digest) === true);
  await mapParallel([...wanted], parallel, async ([digest, config]) => {
    const { registry, repository } = homeOfDigest(digest);
    // A set yields what is added while it is read: a chain of indexes takes one step of the planner, not one each.
    const below = new Set([digest]);
    for (const next of below) {
      const known = facts.get(next);
      const need = { digest: next, config };
      const read = await readFacts(registry, repository, need, { known, signal });
      facts.set(next, read);
      report({ type: "phase.advanced", phase: "reading manifests", done: facts.size });
      for (const child of read.kind === "index" ? read.children : []) {
        if (isIndexType(child.mediaType) && !facts.has(child.digest)) below.add(child.digest);
      }
    }
  });
}
