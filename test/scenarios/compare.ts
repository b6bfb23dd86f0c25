import type { RepositoryReading } from "./backend.ts";
import { furtherDisagreements } from "./compare-further.ts";
import type { OtherOutcome } from "./compare-further.ts";
import { field } from "./content.ts";
import type { RepositoryModel } from "./model.ts";
import type { CliRun, Report } from "./run-cli.ts";
import type { Work } from "./run-step.ts";
import type { Expectation, MetadataRecord } from "./scenario.ts";

/** One run of the command line and what it found and left. */
export interface Outcome {
  readonly expected: Expectation;
  readonly model: RepositoryModel;
  readonly before: RepositoryReading;
  readonly after: RepositoryReading;
  readonly run: CliRun;
  readonly untags: boolean;
  readonly lastTagTakesManifest: boolean;
  /** The other repositories of the project. */
  readonly others: readonly OtherOutcome[];
  /** What it may do: nothing in a dry run or when it is switched off. */
  readonly work: Work;
  /** The lines of the journals that it wrote. */
  readonly journal: readonly string[];
  readonly cloneBefore: string;
  readonly cloneAfter: string;
}

/** What is not as the scenario says, a line each. */
export async function disagreements(outcome: Outcome): Promise<string[]> {
  return [
    ...exit(outcome),
    ...lists(outcome),
    ...records(outcome),
    ...always(outcome),
    ...report(outcome),
    ...(await furtherDisagreements(outcome)),
    ...(await cleanupRecord(outcome)),
  ];
}

function* exit({ expected, run }: Outcome): Iterable<string> {
  const allowed = [expected.exit].flat();
  if (run.exit === undefined || !allowed.includes(run.exit)) {
    yield `exit code ${run.exit}, not ${allowed.join(" or ")}: ${run.output.slice(-1500)}`;
  }
  if (expected.warns === true && (run.report?.warnings ?? []).length === 0) yield "no warning";
}

function* lists(outcome: Outcome): Iterable<string> {
  const { expected, model, before, after } = outcome;
  for (const id of expected.kept.filter(isOfPrimary)) {
    for (const tag of model.tagsOf(id)) {
      if (!before.digests.has(tag)) yield `${id} (${tag}) was not there before the run`;
      else if (!after.digests.has(tag)) yield `${id} (${tag}) is gone`;
    }
  }
  if (!isComplete(outcome)) return;
  for (const id of expected.deleted.filter(isOfPrimary)) {
    const left = model.tagsOf(id).filter((tag) => after.digests.has(tag));
    // The record of a tag that cannot go stays with it.
    if (left[0] === undefined || sharesDigest(outcome, left[0])) continue;
    yield `${id} (${left.join()}) is left${reasonsFor(left[0], outcome.run)}`;
  }
}

function reasonsFor(tag: string, { report }: CliRun): string {
  const kept = report?.kept.find((entry) => entry.tag === tag);
  if (kept !== undefined) return ` for ${kept.reasons.map(({ kind }) => kind).join()}`;
  const skipped = report?.skipped.find((entry) => entry.tag === tag);
  if (skipped !== undefined) return `, skipped: ${skipped.why} ${skipped.message ?? ""}`;
  const failed = report?.failed.find((entry) => entry.tag === tag);
  return failed === undefined ? "" : `, failed: ${failed.message}`;
}

/** `NAME/ID` is an id in another repository of the project. */
function isOfPrimary(id: string): boolean {
  return !id.includes("/");
}

/**
 * Where a tag cannot go alone, it is left with the tag that stays, and the run says so; where it can, but not as the
 * last one, it is left with a manifest that nothing else names.
 */
function sharesDigest(outcome: Outcome, tag: string): boolean {
  const { untags, lastTagTakesManifest, after, run, expected, model } = outcome;
  const goes = new Set(expected.deleted.flatMap((id) => model.tagsOf(id)));
  const digest = after.digests.get(tag);
  const stays = [...after.digests].some(([other, its]) => its === digest && !goes.has(other));
  const entry = run.report?.kept.find((kept) => kept.tag === tag);
  const cannotGo = untags ? lastTagTakesManifest && !stays : stays;
  return cannotGo && (entry?.reasons.some(({ kind }) => kind === "shared-digest") ?? false);
}

function* records({ expected, model, after }: Outcome): Iterable<string> {
  if (expected.records === undefined) return;
  const names = new Map<string, MetadataRecord>();
  const wanted = new Set(expected.records.map(model.recordTag));
  const free = new Set(expected.recordsEither.map(model.recordTag));
  for (const record of [...expected.records, ...expected.recordsEither]) {
    names.set(model.recordTag(record), record);
  }
  for (const tag of wanted) {
    if (!after.digests.has(tag)) yield `record ${names.get(tag)?.join()} (${tag}) is gone`;
  }
  for (const tag of after.digests.keys()) {
    const isRecord = /^meta-[0-9a-f]{1,8}_[0-9a-f]{40,64}_/.test(tag) && model.tags.has(tag);
    if (isRecord && !wanted.has(tag) && !free.has(tag) && !model.permanent.includes(tag)) {
      yield `record ${tag} is left`;
    }
  }
}

function* always(outcome: Outcome): Iterable<string> {
  const { before, after, model, expected, work, cloneBefore, cloneAfter } = outcome;
  for (const tag of model.permanent) {
    if (before.digests.has(tag) && !after.digests.has(tag) && !(work === "purge" && isOwned(tag))) {
      yield `${tag} is gone`;
    }
  }
  for (const problem of after.broken) yield problem;
  const back = new Set((expected.returned ?? []).flatMap((id) => model.tagsOf(id)));
  for (const tag of back) if (!after.digests.has(tag)) yield `${tag} did not come back`;
  for (const [tag, digest] of after.digests) {
    if (isComplete(outcome) && tag === "cleanup") continue;
    const earlier = before.digests.get(tag) ?? (back.has(tag) ? digest : undefined);
    if (earlier === undefined) yield `${tag} appeared`;
    else if (earlier !== digest) yield `${tag} moved from ${earlier} to ${digest}`;
  }
  if (!isComplete(outcome)) {
    for (const tag of before.digests.keys()) {
      if (!after.digests.has(tag)) yield `${tag} is gone although the run was to change nothing`;
    }
  }
  if (cloneBefore !== cloneAfter) yield `the clone changed:\n${cloneBefore}\n--- to\n${cloneAfter}`;
}

/** The report of a run that changed something names exactly what went. */
function* report(outcome: Outcome): Iterable<string> {
  const { before, after, run } = outcome;
  if (run.exit === 0 && run.report === undefined) yield "no JSON on stdout";
  if (!isComplete(outcome) || run.report === undefined) return;
  const gone = [...before.digests.keys()].filter((tag) => !after.digests.has(tag));
  const told = new Set(run.report.deleted.flatMap(({ tag }) => tag ?? []));
  for (const tag of gone) if (!told.has(tag)) yield `${tag} is gone and not reported`;
  for (const tag of told) if (!gone.includes(tag)) yield `${tag} is reported as deleted`;
  yield* duplicates(run.report);
}

function* duplicates({ kept, deleted }: Report): Iterable<string> {
  const seen = new Set<string>();
  for (const { tag } of [...kept, ...deleted]) {
    if (tag === undefined) continue;
    if (seen.has(tag)) yield `${tag} is reported twice`;
    seen.add(tag);
  }
}

async function cleanupRecord(outcome: Outcome): Promise<string[]> {
  const { after, run, work } = outcome;
  if (run.exit !== 0 || work !== "cleanup") return [];
  if (!after.digests.has("cleanup")) return ["no cleanup record"];
  const config: unknown = JSON.parse(Buffer.from(await after.config("cleanup")).toString("utf8"));
  const label = field(field(field(config, "config"), "Labels"), "lastcleanuptimestamp");
  const isOfRun = Number(label) >= run.startedAt && Number(label) <= run.endedAt;
  return isOfRun ? [] : [`the cleanup record has the time ${String(label)}`];
}

/** Whether everything that was to be done is done; some of it, where the scenario says that it may be. */
function isComplete({ work, run, expected }: Outcome): boolean {
  return work !== "nothing" && (run.exit === 0 || expected.changed === true);
}

/** What a purge may take besides what its scenario lists. */
function isOwned(tag: string): boolean {
  return /^(managed-image-|client-id-)|^(sync-server|cleanup)$/.test(tag);
}
