import { z } from "zod";
import type { Outcome } from "./compare.ts";
import type { CopiesModel } from "./copies.ts";

/** What a run left of another repository of the project. */
export interface OtherOutcome {
  readonly name: string;
  readonly model: CopiesModel;
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly broken: readonly string[];
}

/** A line of a journal; its header has no tags. */
const Line = z.object({ digest: z.string().optional(), tags: z.array(z.string()).optional() });

/** What is not as a scenario says in the fields that only this project's own scenarios have. */
export async function furtherDisagreements(outcome: Outcome): Promise<string[]> {
  return [
    ...sayings(outcome),
    ...reasons(outcome),
    ...unfinished(outcome),
    ...order(outcome),
    ...(await reachability(outcome)),
    ...outcome.others.flatMap((other) => [...otherRepository(other, outcome)]),
  ];
}

function* sayings({ expected: { says = [] }, run }: Outcome): Iterable<string> {
  for (const pattern of says) {
    if (!new RegExp(pattern).test(run.output)) {
      yield `it does not say /${pattern}/: ${run.output.slice(-1500)}`;
    }
  }
}

/** Something kept has the reason, beside others. */
function* reasons({ expected: { because = {} }, model, run }: Outcome): Iterable<string> {
  for (const [id, kind] of Object.entries(because)) {
    const [tag] = model.tagsOf(id);
    const entry = run.report?.kept.find((kept) => kept.tag === tag);
    const kinds = entry?.reasons.map((reason) => reason.kind) ?? [];
    if (!kinds.includes(kind)) yield `${id} is kept for ${kinds.join() || "nothing"}, not ${kind}`;
  }
}

function* unfinished({ expected, model, run }: Outcome): Iterable<string> {
  const lists = [
    ["skipped", expected.skipped, run.report?.skipped],
    ["failed", expected.failed, run.report?.failed],
  ] as const;
  for (const [name, ids, told = []] of lists) {
    if (ids === undefined) continue;
    const wanted = ids.flatMap((id) => [...model.tagsOf(id)].slice(0, 1)).toSorted();
    const got = told.flatMap(({ tag }) => tag ?? []).toSorted();
    if (wanted.join() !== got.join()) {
      yield `${name} are ${got.join(", ")}, not ${wanted.join(", ")}`;
    }
  }
}

/** The journal names each group's items after those of the groups before it. */
function* order({ expected, model, journal }: Outcome): Iterable<string> {
  if (expected.order === undefined) return;
  const entries = journal.map((line) => Line.parse(JSON.parse(line)));
  let last = -1;
  for (const group of expected.order) {
    const places = group.map((id) => {
      const tags = model.tagsOf(id);
      return entries.findIndex(
        (entry) => entry.tags?.some((tag) => tags.includes(tag)) ?? entry.digest === id,
      );
    });
    const missing = group.filter((_, at) => places[at] === -1);
    if (missing.length > 0) yield `the journal lacks ${missing.join()}`;
    if (Math.min(...places) <= last) yield `${group.join()} went too early`;
    last = Math.max(last, ...places);
  }
}

async function reachability({ expected, model, after }: Outcome): Promise<string[]> {
  const problems: string[] = [];
  for (const id of expected.reachable ?? []) {
    if (!(await after.holds(model.contentOf(id).digest)))
      problems.push(`the manifest ${id} is gone`);
  }
  for (const id of expected.unreachable ?? []) {
    if (await after.holds(model.contentOf(id).digest)) problems.push(`the manifest ${id} is left`);
  }
  return problems;
}

function* otherRepository(
  { name, model, before, after, broken }: OtherOutcome,
  { expected, work, run }: Outcome,
): Iterable<string> {
  const mine = (ids: readonly string[]): string[] =>
    ids.filter((id) => id.startsWith(`${name}/`)).map((id) => id.slice(name.length + 1));
  for (const problem of broken) yield `${name}: ${problem}`;
  const stay = new Set([...mine(expected.kept).flatMap(model.tagsOf), ...model.foreign]);
  for (const tag of stay) if (!after.has(tag)) yield `${name}: ${tag} is gone`;
  for (const [tag, digest] of after) {
    const earlier = before.get(tag);
    if (earlier !== undefined && earlier !== digest) yield `${name}: ${tag} moved`;
    if (earlier === undefined && tag !== "cleanup") yield `${name}: ${tag} appeared`;
  }
  if (work === "nothing" || run.exit !== 0) {
    for (const tag of before.keys()) if (!after.has(tag)) yield `${name}: ${tag} is gone`;
    return;
  }
  for (const tag of mine(expected.deleted).flatMap(model.tagsOf)) {
    if (after.has(tag)) yield `${name}: ${tag} is left`;
  }
}
