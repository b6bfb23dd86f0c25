import { createRepository } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { readManifest } from "../../contract-tests/fakes/check-manifest.ts";
import { runPublish } from "../../src/commands/publish/run-publish.ts";
import type { PublishedImage } from "../../src/commands/publish/published.ts";
import type { PublishDeps, PublishRequest } from "../../src/commands/publish/request.ts";
import { UnfinishedError } from "../../src/commands/error.ts";
import type { LockManager } from "../../src/locks/lock.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { Source } from "../../src/sources/source.ts";
import type { Git } from "../properties/ask.ts";
import { cleanUp } from "../properties/run.ts";
import { soleRunner } from "../properties/runner.ts";
import { checkContent, checkNothingUploaded, checkSelection } from "./checks.ts";
import type { Contents } from "./contents.ts";
import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import type { Played } from "./play.ts";
import type { PublisherRun, ReportedImage } from "./publisher-run.ts";
import { losersIn } from "./reader.ts";
import { STAGE_DIGEST } from "./round.ts";
import { shareLocks } from "./turn-locks.ts";
import { shareRegistry } from "./turn-registry.ts";
import type { SharedRegistry } from "./turn-registry.ts";
import type { TurnPublisher, TurnRound } from "./turn-round.ts";
import { createTurns } from "./turns.ts";
import type { Turns } from "./turns.ts";

/** What all publishers of a round share. */
interface Table {
  readonly turns: Turns;
  readonly registry: SharedRegistry;
  readonly locks: LockManager;
  readonly sources: ReadonlyMap<string, Source>;
  readonly seed: number;
}

const REPOSITORY = { host: "memory.test", name: "shop/app" };

/** When each round begins. Milliseconds since the epoch. */
const START = 1_750_000_000_000;

/** What the images are recorded for. */
const COMMIT = "c".repeat(40);

const ALL = { last: undefined, inHours: undefined, operator: "And" };

const GIT: Git = {
  policies: [{ kind: "branch", names: "main", references: ALL, images: ALL }],
  references: [{ kind: "branch", name: "main", commit: COMMIT, time: START / 1000 }],
  commits: [{ id: COMMIT, time: START / 1000, parents: [] }],
};

/** The calls that fail, and a cleanup that takes away what is being used, may end a publisher. */
const EXCUSES: ReadonlySet<string> = new Set(["unavailable", "conflict"]);

const MINUTES_10 = 600_000;
const LOCK_WAIT_MS = 60_000;

/** Plays a round whose every step is drawn, and lets two who come later publish the same again. */
export async function playTurns(
  round: TurnRound,
  sources: ReadonlyMap<string, Source>,
): Promise<Played> {
  const { seed, locks: mode, publishers } = round;
  const dice = diceOf(seed ^ 0x7c0ffee);
  const turns = createTurns(dice);
  const state = createRepository();
  const registry = shareRegistry(state, { ...round, turns, dice });
  const locks = shareLocks(mode, turns, dice);
  const table = { turns, registry, locks, sources, seed };
  const problems: string[] = [];

  await publishOld(round, table, problems);
  const [runs] = await turns.until(
    Promise.all([
      Promise.all(publishers.map((publisher, at) => takePart(publisher, at, table, problems))),
      cleanMeanwhile(round, table, problems),
    ]),
  );
  const contents = contentsOf(state);
  const isCutOff = round.failing > 0 || publishers.some(({ diesAfter }) => diesAfter !== undefined);
  // An index of which a cleanup took a part while it was made is left behind: nobody is told of it.
  const isTorn = round.cleansAt !== undefined;
  problems.push(
    ...checkContent({
      runs,
      puts: registry.puts,
      contents: isTorn ? withoutUntold(contents, runs) : contents,
      isExclusive: mode === "exclusive" && round.staleMs === 0,
      kills: isCutOff,
    }),
  );
  if (round.failing === 0) {
    const done = publishers.filter((_, at) => runs[at]?.exit === 0);
    await turns.until(turns.sleep(round.staleMs + 1));
    problems.push(...(await publishAgain(done, table, contents)));
  }
  return { problems, losers: losersIn(contents), requests: registry.calls() };
}

/** Without the indexes that nobody reported. */
function withoutUntold({ tags, missing }: Contents, runs: readonly PublisherRun[]): Contents {
  const told = new Set(runs.flatMap(({ reported = [] }) => reported.map(({ tag }) => tag)));
  const kept = [...tags].filter(([tag, { children }]) => children.length === 0 || told.has(tag));
  return { tags: new Map(kept), missing };
}

/** One publisher, to its end or to its death. What may not happen to it is a problem. */
async function takePart(
  publisher: TurnPublisher,
  at: number,
  table: Table,
  problems: string[],
): Promise<PublisherRun> {
  const { turns, registry } = table;
  const dead = Promise.withResolvers<void>();
  let left = publisher.diesAfter ?? Infinity;
  const take = async (): Promise<void> => {
    if (left-- > 0) return turns.take();
    dead.resolve();
    await new Promise(() => undefined);
  };
  const about = { publisher: asPublisher(publisher), output: "" };
  try {
    await turns.sleep(publisher.delayMs ?? 0);
    const work = publishOnce(publisher, at, {
      ...table,
      registry: registry.seenBy({ take }),
    });
    const images = await Promise.race([work, dead.promise]);
    return images === undefined ? about : { ...about, exit: 0, reported: images.map(reportedOf) };
  } catch (error) {
    if (!isExcused(error)) {
      problems.push(`publisher ${at} ended with ${describe(error)}`);
    }
    return { ...about, exit: 3 };
  }
}

async function publishOnce(
  { images, isOneStage, aheadMs, isRecorded = true }: TurnPublisher,
  at: number,
  {
    turns,
    registry,
    locks,
    sources,
    seed,
  }: Omit<Table, "registry"> & { readonly registry: Registry },
): Promise<readonly PublishedImage[]> {
  const own = diceOf(seed * 31 + at);
  const request: PublishRequest = {
    project: "shop",
    version: "tidemark 0",
    repositories: { primary: REPOSITORY, caches: [], secondaries: [] },
    images: images.map((name) => ({
      name: isOneStage ? "app" : name,
      source: sourceOf(sources, name),
      isFinal: false,
      ...(isOneStage ? { stageDigest: STAGE_DIGEST } : {}),
    })),
    lock: {
      synchronization:
        locks.address === "none"
          ? { kind: "none" }
          : { kind: "http", address: "http://locks.test" },
      waitMs: LOCK_WAIT_MS,
      otherwise: "lock-free",
    },
    checksBlobs: false,
  };
  const records = {
    project: request.project,
    primary: REPOSITORY,
    records: { names: true, commits: isRecorded ? [COMMIT] : [] },
    customTags: [],
    allow: new Set<string>(),
  };
  const deps = depsOf({ turns, registry, locks, own, aheadMs });
  return (await runPublish({ publish: request, records }, deps)).images;
}

/** Brings what is there before the others begin. */
async function publishOld(
  { old, publishers: [first] }: TurnRound,
  table: Table,
  problems: string[],
): Promise<void> {
  const isOneStage = first?.isOneStage === true;
  if (old.length === 0) return;
  const long = { aheadMs: -30 * 24 * 3_600_000, images: old, isOneStage, isRecorded: false };
  const { turns, registry } = table;
  const calm = { ...table, locks: shareLocks("none", turns, diceOf(table.seed)) };
  registry.calm(true);
  await turns.until(takePart(long, 99, calm, problems));
  registry.calm(false);
}

/** A cleanup of what no commit needs and what is older than two hours, while others publish. */
async function cleanMeanwhile(
  { cleansAt }: TurnRound,
  { turns, registry }: Table,
  problems: string[],
): Promise<void> {
  if (cleansAt === undefined) return;
  await turns.sleep(cleansAt);
  const now = (): Date => new Date(START + turns.now());
  const runner = {
    sleep: (ms: number): Promise<void> => turns.sleep(ms),
    isGone: (): Promise<boolean> => Promise.resolve(false),
  };
  const ask = { project: "shop", now: START, hours: 2, keepList: new Set<string>(), git: GIT };
  try {
    await cleanUp(registry.seenBy(turns), ask, {
      now,
      runner,
      repository: REPOSITORY,
    });
  } catch (error) {
    if (!isExcused(error)) {
      problems.push(`the cleanup ended with ${describe(error)}`);
    }
  }
}

function depsOf({
  turns,
  registry,
  locks,
  own,
  aheadMs,
}: {
  readonly turns: Turns;
  readonly registry: Registry;
  readonly locks: LockManager;
  readonly own: Dice;
  readonly aheadMs: number;
}): PublishDeps {
  const { signal } = new AbortController();
  const now = (): Date => new Date(START + aheadMs + turns.now());
  const nobody = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
  return {
    openRegistry: () => Promise.resolve(registry),
    openLocks: () => Promise.resolve(locks),
    readHistory: nobody,
    openClusters: nobody,
    readImageNames: nobody,
    openJournal: nobody,
    runner: soleRunner(now().getTime(), {
      sleep: (ms) => turns.sleep(ms, signal),
      isGone: () => Promise.resolve(false),
    }),
    report: () => undefined,
    signal,
    now,
    random: () => own.below(2 ** 30) / 2 ** 30,
    requests: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
    parallel: 2,
  };
}

/** Two who come when all is over, whose clocks differ, find the same and leave it as it is. */
async function publishAgain(
  done: readonly TurnPublisher[],
  table: Table,
  contents: Contents,
): Promise<string[]> {
  const [first] = done;
  if (first === undefined) return [];
  const all = [...new Set(done.flatMap((each) => each.images))];
  const images = first.isOneStage ? first.images : all;
  const { turns, registry } = table;
  const problems: string[] = [];
  for (const [at, aheadMs] of [MINUTES_10, -MINUTES_10].entries()) {
    const puts = registry.puts.length;
    const stored = registry.stored.length;
    const again = { aheadMs, images, isOneStage: first.isOneStage };
    const run = await turns.until(takePart(again, 100 + at, table, problems));
    const requests = registry.stored
      .slice(stored)
      .map((digest) => ({ method: "PUT", path: "", status: 201, stored: digest }));
    problems.push(
      ...checkSelection(run, contents),
      ...checkNothingUploaded(contents, { puts: registry.puts.slice(puts), requests }),
    );
  }
  return problems.map((problem) => `published again: ${problem}`);
}

function asPublisher({ aheadMs, images }: TurnPublisher): PublisherRun["publisher"] {
  const sources = images.map((name) => ({ name, source: name }));
  return { aheadMs, delayMs: 0, commit: "c3", images: sources };
}

function sourceOf(sources: ReadonlyMap<string, Source>, name: string): Source {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`there is no source ${name}`);
  return source;
}

function reportedOf({ name, stages, index }: PublishedImage): ReportedImage {
  const all = stages.map(({ stageId, digest }) => ({ tag: stageId, digest }));
  const [first] = all;
  const top = index === undefined ? first : { tag: index.stageId, digest: index.digest };
  if (top === undefined) throw new Error(`${name} was published without a stage`);
  return { name, ...top, stages: all };
}

function contentsOf({ tags, manifests, blobs }: RepositoryState): Contents {
  const missing = new Set<string>();
  const stored = [...tags].flatMap(([tag, digest]) => {
    const manifest = manifests.get(digest);
    if (manifest === undefined) return [];
    const pointers = readManifest(manifest);
    const own = pointers.blobs.map((each) => each.digest);
    const children = pointers.children.map((each) => each.digest);
    for (const each of own) if (!blobs.has(each)) missing.add(each);
    for (const each of children) if (!manifests.has(each)) missing.add(each);
    const { mediaType } = manifest;
    return [[tag, { digest, mediaType, blobs: own, children, labels: {} }] as const];
  });
  return { tags: new Map(stored), missing };
}

/** Whether it ended for what the registry did, be it at the records alone. */
function isExcused(error: unknown): boolean {
  if (error instanceof UnfinishedError) return isExcused(error.cause);
  return error instanceof RegistryError && EXCUSES.has(error.code);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
