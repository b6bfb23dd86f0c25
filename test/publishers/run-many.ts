import { parseArgs } from "node:util";
import { openGround } from "./ground.ts";
import { complain, playMany } from "./play-many.ts";
import { describeRound, roundOf } from "./round.ts";
import type { Round, ServerName } from "./round.ts";

/**
 * Plays many rounds of publishers that publish at once: `node test/publishers/run-many.ts --rounds 500`.
 *
 * `--seed` and `--server`, as a failure prints them, play its round again, `--rounds` times the rounds after it too;
 * `--verbose` tells every round. Ends with 1 when something does not hold.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "500" },
    seed: { type: "string" },
    server: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

/** Each server takes its share of the rounds. */
const SERVERS: readonly ServerName[] = [
  "in this process",
  "docker-registry",
  "in this process",
  "in this process",
  "olareg",
  "in this process",
];

const first = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 30) : Number(values.seed);
const count = Number(values.rounds);
const asked = SERVERS.find((name) => name === values.server);
const rounds = Array.from({ length: count }, (_, at): Round => {
  const turn = SERVERS[at % SERVERS.length] ?? "in this process";
  return roundOf(first + at, asked ?? turn);
});

console.log(`${count} rounds, first seed ${first}`);
const startedAt = performance.now();
const tally = new Map<string, { rounds: number; publishers: number; losers: number }>();
let broken = 0;
let requests = 0;
await using ground = await openGround(2);
await playMany(rounds, ground, (round, played) => {
  const { locks, publishers } = round;
  const own = tally.get(locks) ?? { rounds: 0, publishers: 0, losers: 0 };
  tally.set(locks, {
    rounds: own.rounds + 1,
    publishers: own.publishers + publishers.length,
    losers: own.losers + played.losers,
  });
  requests += played.requests;
  if (values.verbose) console.log(`${round.seed} ${describeRound(round)}: ${played.losers} losers`);
  if (played.problems.length === 0) return;
  broken += 1;
  console.log(`BROKEN ${complain(round, played)}`);
});
for (const [locks, sums] of tally) {
  const { rounds: played, publishers, losers } = sums;
  console.log(`${locks}: ${played} rounds, ${publishers} publishers, ${losers} losers`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`${count} rounds, ${requests} requests, ${seconds} s, ${broken} rounds broken`);
process.exitCode = broken === 0 ? 0 : 1;
