import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { openGround } from "./ground.ts";
import type { Ground } from "./ground.ts";
import { complain, complainOfTurns, playMany, playManyTurns } from "./play-many.ts";
import { roundOf } from "./round.ts";
import type { ServerName } from "./round.ts";
import { turnRoundOf } from "./turn-round.ts";

/** The same rounds every time, as far as time lets them be. `run-many.ts` draws others. */
const SEED = 20_261_121;

/** Outside `.ci/run` a part of the rounds is played. */
const SHARE = peersAreRequired() ? 1 : 3;

const ROUNDS: readonly (readonly [ServerName, number])[] = [
  ["in this process", 36],
  ["docker-registry", 7],
  ["olareg", 7],
];
const TURNS = 600;
const PLAY_WITHIN_MS = 400_000;

let ground: Ground;
/** What is wrong in rounds on each server. */
const complaints = new Map<ServerName, string[]>();

/** Rounds on one server wait while those on another compute. */
beforeAll(async () => {
  ground = await openGround(2);
  const rounds = ROUNDS.filter(([server]) => isRunnable(server)).flatMap(([server, count], turn) =>
    Array.from({ length: Math.ceil(count / SHARE) }, (_, at) =>
      roundOf(SEED + 1000 * turn + at, server),
    ),
  );
  await playMany(rounds, ground, (round, played) => {
    const own = complaints.get(round.server) ?? [];
    complaints.set(round.server, own);
    if (played.problems.length > 0) own.push(complain(round, played));
  });
}, PLAY_WITHIN_MS);

afterAll(() => ground[Symbol.asyncDispose]());

describe("publishers of the same and of overlapping images, whatever the lock and the trouble", () => {
  it("agree when every step is drawn", async () => {
    const found: string[] = [];
    const rounds = Array.from({ length: TURNS / SHARE }, (_, at) => turnRoundOf(SEED + at));

    await playManyTurns(rounds, ground.root, (round, played) => {
      if (played.problems.length > 0) found.push(complainOfTurns(round, played));
    });

    expect(found).toEqual([]);
  });

  for (const [server] of ROUNDS) {
    it.runIf(isRunnable(server))(`agree on a registry: ${server}`, () => {
      expect(complaints.get(server)).toEqual([]);
    });
  }
});

function isRunnable(server: ServerName): boolean {
  return server === "in this process" || peersAreRequired() || findPeer(server) !== undefined;
}
