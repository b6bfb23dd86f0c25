import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { dockerRegistry2, ociConformant, zotLike } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import {
  checkKept,
  checkNothingUploaded,
  checkPublished,
  checkQuiet,
  checkSelection,
} from "./checks.ts";
import { readContents } from "./contents.ts";
import type { Contents } from "./contents.ts";
import { startMember } from "./crew.ts";
import type { Member } from "./crew.ts";
import { diceOf } from "./dice.ts";
import type { Ground } from "./ground.ts";
import { openLockPlace } from "./lock-place.ts";
import { makeHome, runPublisher } from "./publisher-run.ts";
import type { Place, PublisherRun } from "./publisher-run.ts";
import { losersIn } from "./reader.ts";
import type { PublishedSource, Publisher, Round, Traits } from "./round.ts";
import { troubled } from "./trouble.ts";
import { forwardTo, watch } from "./watched.ts";
import type { Forwarding, Watched } from "./watched.ts";

/** What came of a round. */
export interface Played {
  /** What should not be; empty when all is well. */
  readonly problems: readonly string[];
  /** Stages beside those that readers select. */
  readonly losers: number;
  readonly requests: number;
}

const TRAITS: Readonly<Record<Traits, Personality>> = {
  conformant: { ...ociConformant, requireBlobs: true },
  "docker-registry 2.8": dockerRegistry2,
  "OCI only": zotLike,
  "immutable tags": { ...ociConformant, requireBlobs: true, immutableTags: true },
};

let rounds = 0;

/** Plays a round to its end: all publish, two publish again, a cleanup runs. */
export async function playRound(round: Round, ground: Ground): Promise<Played> {
  const number = rounds++;
  const dir = join(ground.root, `round-${number}`);
  await mkdir(dir);
  const name = `r${round.seed}-${number}/shop`;
  await using open = new AsyncDisposableStack();
  const backend = open.use(await openBackend(round, ground));
  const watched = watch(backend.handle);
  const trouble = troubled(watched, round.trouble, round.seed);
  const front = open.use(await listen(trouble.handle));
  const locks = open.use(await openLockPlace(round.locks, ground.lockServer));
  const { synchronization, isOneMachine } = locks;
  const { aliases } = round;
  const address = `${front.host}/${name}`;
  const place: Place = { ground, address, synchronization, aliases, dir };
  const homeOf = (at: number): string => join(dir, isOneMachine ? "home" : `home-${at}`);

  const over = new AbortController();
  const disturbed = locks.disturb(over.signal);
  const runs = await publishAll(round, place, homeOf);
  over.abort();
  await disturbed;
  trouble.stop();

  const contents = await readContents(backend.handle, name);
  const isExclusive = locks.excludes && round.trouble !== "stale lists";
  const { commitOf } = ground;
  const { puts } = watched;
  const evidence = { ...round, runs, puts, contents, commitOf, isExclusive };
  const problems = checkPublished(evidence);
  const again = {
    watched,
    place,
    home: homeOf(0),
    readAll: () => readContents(backend.handle, name),
  };
  // One who was killed may have published nothing.
  const done = round.publishers.filter((_, at) => runs[at]?.exit === 0);
  problems.push(...(await publishAgain({ ...round, publishers: done }, again)));
  problems.push(...checkKept(runs, await cleanUp(again, problems)));
  return { problems, losers: losersIn(contents), requests: watched.requests.length };
}

async function openBackend({ server, traits }: Round, ground: Ground): Promise<Forwarding> {
  if (server !== "in this process") return forwardTo(await ground.server(server));
  const { handle } = createFakeRegistry(TRAITS[traits]);
  return { handle, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function publishAll(
  { publishers, processes, kills, seed }: Round,
  place: Place,
  homeOf: (at: number) => string,
): Promise<PublisherRun[]> {
  const { crew } = place.ground;
  await using own = new AsyncDisposableStack();
  const members = publishers.map(() => (processes ? own.use(startMember()) : crew.next()));
  const victim = kills ? members[0] : undefined;
  const killing = victim === undefined ? undefined : killLater(victim, seed);
  const runs = publishers.map(async (publisher, at) => {
    const member = members[at] ?? crew.next();
    await sleep(publisher.delayMs);
    return runPublisher(publisher, place, { member, home: homeOf(at) });
  });
  const done = await Promise.all(runs);
  await killing;
  return done;
}

/** Somewhere between the start of the process and its end. Milliseconds. */
const KILLED_FROM_MS = 300;
const KILLED_WITHIN_MS = 1_200;

async function killLater(member: Member, seed: number): Promise<void> {
  await sleep(KILLED_FROM_MS + diceOf(seed ^ 0x6b111).below(KILLED_WITHIN_MS));
  member.kill();
}

interface Again {
  readonly watched: Watched;
  readonly place: Place;
  readonly home: string;
  readonly readAll: () => Promise<Contents>;
}

/**
 * Publishes everything again: once, when only records and an index over what all agreed on may be missing, and then once
 * more, when nothing may be.
 */
async function publishAgain(
  { publishers }: Round,
  { watched, place, home, readAll }: Again,
): Promise<string[]> {
  const publisher = everybodyOf(publishers);
  const member = place.ground.crew.next();
  const problems: string[] = [];
  for (const time of ["second", "third"] as const) {
    const before = await readAll();
    const puts = watched.puts.length;
    const requests = watched.requests.length;
    // A custom tag is looked at each time: people move them.
    const aliases = place.aliases && time === "second";
    const run = await runPublisher(publisher, { ...place, aliases }, { member, home });
    const sent = {
      puts: watched.puts.slice(puts),
      requests: watched.requests.slice(requests),
    };
    if (run.exit !== 0) problems.push(`it ended with ${run.exit}: ${run.output.trim()}`);
    problems.push(
      ...checkSelection(run, before),
      ...checkNothingUploaded(before, sent),
      ...(time === "third" ? checkQuiet(run, sent.requests) : []),
    );
  }
  return problems.map((problem) => `published again: ${problem}`);
}

/** One who publishes all that the publishers of a round did. */
function everybodyOf(publishers: readonly Publisher[]): Publisher {
  const images = new Map<string, PublishedSource>();
  for (const image of publishers.flatMap((each) => each.images)) images.set(image.name, image);
  const stageDigest = publishers[0]?.stageDigest;
  return {
    aheadMs: 0,
    delayMs: 0,
    commit: "c3",
    images: [...images.values()],
    ...(stageDigest === undefined ? {} : { stageDigest }),
  };
}

async function cleanUp({ place, home, readAll }: Again, problems: string[]): Promise<Contents> {
  const { ground, address } = place;
  const args = ["cleanup", "--repo", address, "--dir", ground.cloneAt("c3"), "--without-kube"];
  const order = { args: [...args, "--no-fetch"], env: await makeHome(home), aheadMs: 0 };
  const ended = await ground.crew.next().run(order);
  if (ended?.exit !== 0) {
    problems.push(`the cleanup ended with ${ended?.exit}: ${ended?.stderr.trim()}`);
  }
  return readAll();
}
