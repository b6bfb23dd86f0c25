import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { Backend } from "../scenarios/backend.ts";
import { startCliProcess } from "../scenarios/cli-process.ts";
import { problemsIn } from "./check.ts";
import { NOTHING_SENT, commandLine, complaintOf, sentBy } from "./command-line.ts";
import type { CleanupPlan, CommandLine, Side } from "./command-line.ts";
import { CONFORMANT, LIKE_ZOT, REAL, SIMULATED } from "./places.ts";
import type { Place } from "./places.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";

const cliProcess = startCliProcess();
let project: Project;
let line: CommandLine;
beforeAll(async () => {
  project = await createProject();
  line = commandLine(cliProcess, project);
});

/** A source with the project in it, and what a cleanup would do there: read by many pairs, changed by none. */
interface Source extends Side {
  readonly tellsReferrers: boolean;
  readonly cleanup: CleanupPlan;
}

const backends = new Map<Place, Promise<Backend>>();
const sources = new Map<Place, Promise<Source>>();
afterAll(async () => {
  for (const backend of backends.values()) await (await backend)[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
  await cliProcess[Symbol.asyncDispose]();
});

/** Whatever belongs to no vendor is both, with each of the others. */
const NEUTRAL = [...REAL, LIKE_ZOT];

const pairs = [
  ...NEUTRAL.flatMap((from) => NEUTRAL.filter((to) => to !== from).map((to) => ({ from, to }))),
  ...SIMULATED.flatMap((place) => [
    { from: place, to: CONFORMANT },
    { from: CONFORMANT, to: place },
  ]),
];

describe.for(pairs)("from $from.name to $to.name", ({ from, to }) => {
  const isSkipped = [from, to].some(({ isRunnable }) => !isRunnable) && !peersAreRequired();

  it.skipIf(isSkipped)("copies all that the project has, and a second run nothing", async () => {
    const source = await sourceAt(from);
    const target = await targetAt(to, `from-${from.name}`.replaceAll(" ", "-").toLowerCase());
    const wanted = { referrers: source.tellsReferrers };

    const first = await line.migrate(source, target, ["--verify"]);
    expect(complaintOf(first)).toBe("");
    expect(await problemsIn(await target.repository.read(), project, wanted)).toEqual([]);

    const second = await line.migrate(source, target, ["--verify"]);
    expect(complaintOf(second)).toBe("");
    expect(sentBy(second)).toEqual(NOTHING_SENT);
    const plans = [
      ...(from.deletes ? [source.cleanup] : []),
      ...(to.deletes ? [await planCleanup(target)] : []),
    ];
    const { cleanup } = await sourceAt(CONFORMANT);
    expect(plans).toEqual(plans.map(() => cleanup));
  });
});

function sourceAt(place: Place): Promise<Source> {
  const known = sources.get(place) ?? fillSource(place);
  sources.set(place, known);
  return known;
}

async function fillSource(place: Place): Promise<Source> {
  const backend = await backendAt(place);
  const repository = await backend.createRepository("source");
  await project.fill(repository);
  const tellsReferrers = await place.tellsReferrers();
  const cleanup = await planCleanup({ backend, repository });
  return { backend, repository, tellsReferrers, cleanup };
}

/** What a cleanup would do with what is copied. */
async function planCleanup(side: Side): Promise<CleanupPlan> {
  const { kept, deleted } = await line.planCleanup(side);
  const isCopied = (tag: string): boolean => project.own.has(tag);
  return { kept: kept.filter(isCopied), deleted: deleted.filter(isCopied) };
}

async function targetAt(place: Place, name: string): Promise<Side> {
  const backend = await backendAt(place);
  return { backend, repository: await backend.createRepository(name) };
}

function backendAt(place: Place): Promise<Backend> {
  const known = backends.get(place) ?? place.open();
  backends.set(place, known);
  return known;
}
