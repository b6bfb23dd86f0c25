import type { PlannedManifest, PlannedTag, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import { classifyTag } from "../../stages/tag.ts";
import { mapParallel } from "../parallel.ts";
import type { CopyLease } from "./copy-lease.ts";
import { createManifestCopier } from "./copy-manifests.ts";
import { NeedError, StoppedError, outcomeOf } from "./copy-outcome.ts";
import type { CopyRun } from "./copy-run.ts";
import type { CopyTarget } from "./copy-target.ts";
import { openCopySource } from "./copy-source.ts";
import { findTaken } from "./find-taken.ts";
import { createReferrerFinder } from "./referrers-of.ts";
import { createReferrerTags } from "./referrer-tags.ts";
import type { TagOutcome, TagResult } from "./result.ts";

export interface RepositoryCopy {
  readonly plan: RepositoryPlan;
  readonly from: Registry;
  readonly to: CopyTarget;
  readonly lease: Pick<CopyLease, "keepUp">;
  /** Manifests that no tag leads to. */
  readonly loose: readonly PlannedManifest[];
  /** Every tag that is planned for the repository of the target. */
  readonly names: ReadonlySet<string>;
}

/**
 * Copies what a plan says of one repository, and answers what became of each of its tags, in their order.
 *
 * A manifest goes up under its first tag, in one request. Only where referrers have to be there before anybody can ask for
 * it by that tag it goes up by its digest first. Tags of one class are set side by side, and of the next after them.
 */
export async function copyRepository(
  { plan, from, to, lease, loose, names }: RepositoryCopy,
  run: CopyRun,
): Promise<readonly TagResult[]> {
  const { deps, settle, brokeOff } = run;
  const outcomes = new Map<PlannedTag, TagOutcome>();
  /** Tags of the target that are not what they were to be. */
  const missing = new Set<string>();
  /** Tags whose turn it is, or was, and that nobody else had set by then. */
  const free = new Set<PlannedTag>();
  /** Those that were refused as if a right was lacking. */
  const denied = new Set<PlannedTag>();
  const source = openCopySource(from, plan.from);
  const tagged = Map.groupBy(
    plan.tags.filter(({ there }) => there !== "present"),
    ({ digest }) => digest,
  );
  const referrerTags = createReferrerTags(to, names, run);
  const copier = createManifestCopier(
    {
      source,
      to,
      manifests: new Map(plan.manifests.map((manifest) => [manifest.digest, manifest])),
      tagsOf: (digest) => (tagged.get(digest) ?? []).map(({ as }) => as),
      freeTagsOf: (digest) =>
        (tagged.get(digest) ?? []).flatMap((tag) => (free.has(tag) ? [tag.as] : [])),
      referrerTags,
      check() {
        if (brokeOff() !== undefined) throw new StoppedError("nothing more is begun");
      },
    },
    run,
  );
  const referrersOf = createReferrerFinder(plan);

  for (const group of groupsOf(plan.tags)) {
    const taken = await takenOf(group);
    for (const tag of group) if (!taken.has(tag)) free.add(tag);
    await mapParallel(group, deps.parallel, async (tag) => {
      const outcome = taken.get(tag) ?? (await settleTag(tag));
      outcomes.set(tag, outcome);
      if (outcome.status !== "copied" && outcome.status !== "present") missing.add(tag.as);
    });
  }
  await mapParallel(loose, deps.parallel, settleLoose);
  if (denied.size > 0 && !(await mayStillPush())) {
    for (const tag of denied) {
      const outcome = outcomes.get(tag);
      if (outcome?.status === "refused") outcomes.set(tag, { ...outcome, status: "failed" });
    }
  }
  await warnOfUntold();
  return plan.tags.map((tag) => ({
    ...tag,
    outcome: outcomes.get(tag) ?? { status: tag.there === "present" ? "present" : "waiting" },
  }));

  async function warnOfUntold(): Promise<void> {
    if (brokeOff() !== undefined) return;
    try {
      for (const digest of await referrerTags.untold()) {
        run.warn(
          `${digest} cannot be found by what it is about: the index of that is the source's own, and does not name it`,
        );
      }
    } catch (error) {
      if (deps.signal.aborted) return;
      if (!isRegistryError(error)) throw error;
      run.miss(`nobody can tell whether all referrers are found: ${error.message}`);
    }
  }

  async function settleLoose(manifest: PlannedManifest): Promise<void> {
    const { digest } = manifest;
    try {
      await lease.keepUp();
      await lookAgain(manifest);
      await copier.store(digest);
      settle();
    } catch (error) {
      if (deps.signal.aborted) return;
      const outcome = blamed(error);
      if (outcome.status !== "refused" && outcome.status !== "failed") return;
      const line = `${digest}, which is about something that the target has, is not there: ${outcome.message}`;
      if (outcome.status === "refused") run.warn(line);
      else run.miss(line);
    }
  }

  /** What becomes of those that somebody has set meanwhile; of all of them where the target does not tell. */
  async function takenOf(
    group: readonly PlannedTag[],
  ): Promise<ReadonlyMap<PlannedTag, TagOutcome>> {
    if (brokeOff() !== undefined) return new Map();
    try {
      const found = await findTaken(group, { registry: to.registry, repository: plan.to }, deps);
      return new Map(
        [...found].map(([tag, digest]) => [
          tag,
          digest === tag.digest ? { status: "present" } : takenBy(digest),
        ]),
      );
    } catch (error) {
      if (deps.signal.aborted) return new Map();
      const outcome = outcomeOf(error, { hasPushed: false });
      settle(error);
      return new Map(group.map((tag) => [tag, outcome]));
    }
  }

  async function settleTag(tag: PlannedTag): Promise<TagOutcome> {
    try {
      if (isAboutMissing(tag)) throw new NeedError("its stage");
      await lease.keepUp();
      await copyTag(tag);
      settle();
      return { status: "copied" };
    } catch (error) {
      if (deps.signal.aborted) return { status: "waiting" };
      if (await isThereAnyway(tag, error)) return { status: "present" };
      if (isRegistryError(error, "denied")) denied.add(tag);
      return blamed(error);
    }
  }

  function blamed(error: unknown): TagOutcome {
    const blame = { isOfSource: source.isToBlame(error), hasPushed: to.hasPushed() };
    const outcome = outcomeOf(error, blame);
    if (outcome.status === "failed") settle(error);
    // A right may be gone, too: that ends the run as an outage does.
    if (outcome.status === "refused") settle(isRegistryError(error, "denied") ? error : undefined);
    return outcome;
  }

  /** A right that was taken away in the middle is no rule of the target. */
  async function mayStillPush(): Promise<boolean> {
    try {
      const { push } = await to.registry.checkRights(plan.to, { signal: deps.signal });
      return push.status !== "refused";
    } catch (error) {
      if (isRegistryError(error) || deps.signal.aborted) return false;
      throw error;
    }
  }

  async function copyTag({ digest, as }: PlannedTag): Promise<void> {
    const referrers = referrersOf(digest);
    if (referrers.length > 0) {
      await copier.store(digest);
      await mapParallel(referrers, deps.parallel, storeReferrer);
    }
    if (!(await copier.store(digest, as))) await copier.tag(digest, as);
  }

  async function storeReferrer(manifest: PlannedManifest): Promise<void> {
    const { digest } = manifest;
    try {
      await lookAgain(manifest);
      await copier.store(digest);
    } catch (error) {
      const isTold = tagged.has(digest) && !(error instanceof StoppedError);
      throw isTold ? new NeedError(error) : error;
    }
  }

  /** Nothing that is stored later complains where the target has lost what an earlier run brought about a manifest. */
  async function lookAgain(manifest: PlannedManifest): Promise<void> {
    const { digest } = manifest;
    if (!run.state.isResumed || !run.state.has(to.address, "manifest", digest)) return;
    const { host, name } = plan.to;
    const { signal } = deps;
    const found = await to.registry.resolve({ host, name, digest }, { signal });
    if (found === undefined) to.forget([manifest]);
  }

  /** A record of a stage that is not there would be taken for a leftover. */
  function isAboutMissing({ as }: PlannedTag): boolean {
    const found = classifyTag(as);
    return found.kind === "image-metadata" && missing.has(found.stageId);
  }

  /** What the target refuses may be there, by somebody else's hand or by a request whose answer was lost. */
  async function isThereAnyway({ as, digest }: PlannedTag, error: unknown): Promise<boolean> {
    if (!isRegistryError(error) || isRegistryError(error, "unavailable", "rate-limited")) {
      return false;
    }
    const { host, name } = plan.to;
    try {
      const { signal } = deps;
      return (await to.registry.resolve({ host, name, tag: as }, { signal }))?.digest === digest;
    } catch (second) {
      if (isRegistryError(second)) return false; // The first error tells more.
      throw second;
    }
  }
}

function takenBy(digest: Digest): TagOutcome {
  const message = `somebody has set it to ${digest} since the plan was made; run again to see it as it is`;
  return { status: "refused", code: "taken", message };
}

/** Tags that are to be set, those of one class that follow each other together. */
function groupsOf(tags: readonly PlannedTag[]): readonly (readonly PlannedTag[])[] {
  const groups: PlannedTag[][] = [];
  for (const tag of tags) {
    if (tag.there === "present") continue;
    const last = groups.at(-1);
    if (last?.[0]?.class === tag.class) last.push(tag);
    else groups.push([tag]);
  }
  return groups;
}
