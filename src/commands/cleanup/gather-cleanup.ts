import type { CleanupInput, Facts, Need } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import { createCleanupPlanner } from "../../engine/cleanup/planner.ts";
import type { PlanFindings } from "../../engine/cleanup/samples.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps, GitHistory } from "../deps.ts";
import { GuardError } from "../error.ts";
import type { GatherContext, Gathered } from "./gathered.ts";
import { homeOf, listHomes, resolveHomes } from "./homes.ts";
import type { Home, Homes } from "./homes.ts";
import { ownLeases, readLeases } from "./leases.ts";
import type { ListedLeases, ReadLeases } from "./leases.ts";
import { createMeans } from "./means.ts";
import { refuseMovedRecords } from "./meta-repo.ts";
import { createNewcomers } from "./newcomers.ts";
import type { CleanupPolicy } from "./policy.ts";
import { readManifests } from "./read-manifests.ts";
import { readDefinitions, retireNames } from "./retirement.ts";
import type { Retiring } from "./retirement.ts";
import { createAnswerBook, listUntagged, sweepProblems } from "./untagged.ts";
import { besideListing, openUsage } from "./usage.ts";

/** Readings after which publishers that come and go are waited for no longer. */
const MAX_READINGS = 10;

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
  const means = createMeans(stages, deps);
  const sweep = policy.sweep ?? {};
  const answers = createAnswerBook(stages, deps);
  let untagged = await listUntagged(stages, sweep, deps);
  let planned: readonly Digest[] = [];
  let found = resolved;
  await refuseMovedRecords(found.stages, homes, { signal: deps.signal });
  let leases: ListedLeases = { own: new Set(), others: (await readOthersLeases()).leases };

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
      const step = plan(facts, means.current(), answers);
      if (step.kind === "plan") return { ...step, input, retiring };
      if (step.kind === "learn") {
        await means.learn(step.only);
        continue;
      }
      if (step.questions !== undefined) await answers.answer(step.questions);
      await read(step.needs);
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
  const newcomers = createNewcomers(first, untagged);
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
      newcomers.meetManifests(untagged ?? []);
      await listAgain();
      const isDoubted = sweep.deleteOrphans === true && answers.doubt();
      const isNew = untagged?.some(({ digest }) => !before.has(digest)) ?? false;
      const isOutside = isNew || isDoubted || context.primary !== undefined || isReread;
      const isMissing = newcomers.misses(found, gone);
      const isSame = newcomers.names.size === 0 && held.size === 0 && !isMissing && !isNewlyUsed;
      if (isSame && !isOutside) return undefined;
      return (await decide(new Set([...policy.keepList, ...newcomers.names, ...held]))).plan;
    },
  };
  deps.planned?.(gathered);
  return gathered;

  function read(needs: readonly Need[]): Promise<void> {
    return readManifests((digest) => homeOf(digest, homes, found), needs, facts, deps);
  }

  /** Until no publisher ends between its listing and the reading of its lease: the listing may lack its last records. */
  async function listAgain(): Promise<void> {
    const ended = new Set<string>();
    for (let reading = 0; reading < MAX_READINGS; reading += 1) {
      const again = await listHomes(homes, deps);
      const own = ownLeases(again.stages, await deps.runner.identify());
      const others = again.stages.filter(
        ({ tag }) => !own.has(tag) && !newcomers.isNewJournal(tag),
      );
      const [resolvedAgain, hasNewUses = false] = await allOrFirstFailure(
        resolveHomes(homes, { ...again, stages: others }, deps, first),
        usage?.read("now"),
      );
      found = resolvedAgain;
      isNewlyUsed ||= hasNewUses;
      const { leases: read, withdrawn } = await readOthersLeases();
      leases = { own, others: read };
      newcomers.meetTags(found);
      // One that is listed again, and is not there again, is a tag that leads nowhere.
      if (withdrawn.every((tag) => ended.has(tag))) return;
      for (const tag of withdrawn) ended.add(tag);
    }
    throw new GuardError(
      "incomplete-listing",
      `publishers ended during each of ${MAX_READINGS} readings of the tag listing; run again when fewer are at work`,
    );
  }

  function readOthersLeases(): Promise<ReadLeases> {
    return readLeases(found.tags, (digest) => homeOf(digest, homes, found), facts, deps);
  }
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
