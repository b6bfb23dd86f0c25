import { parseArgs } from "node:util";
import { openGround } from "./ground.ts";
import { complain, complainOfTurns, playMany, playManyTurns } from "./play-many.ts";
import type { Played } from "./play.ts";
import { describeRound, roundOf } from "./round.ts";
import type { Round, ServerName } from "./round.ts";
import { turnRoundOf } from "./turn-round.ts";

/**
 * Plays many rounds of publishers that publish at once: `node test/publishers/run-many.ts --rounds 500 --turns 10000`.
 *
 * `--rounds` are runs of the command line against servers, `--turns` are publishers in one process whose every step is
 * drawn. `--seed` and `--server`, as a failure prints them, play its round again; `--verbose` tells every round. Ends
 * with 1 when something does not hold.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "500" },
    turns: { type: "string", default: "5000" },
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

interface Counted {
  readonly locks: string;
  readonly publishers: readonly unknown[];
}

interface Sums {
  readonly rounds: number;
  readonly publishers: number;
  readonly losers: number;
  readonly requests: number;
}

const first = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 30) : Number(values.seed);
const asked = SERVERS.find((name) => name === values.server);
let broken = 0;

await using ground = await openGround(2);
await report("turns", Number(values.turns), async (count, tell) => {
  const rounds = Array.from({ length: count }, (_, at) => turnRoundOf(first + at));
  await playManyTurns(rounds, ground.root, (round, played) => {
    tell(round, played, complainOfTurns(round, played));
  });
});
await report("rounds", Number(values.rounds), async (count, tell) => {
  const rounds = Array.from({ length: count }, (_, at): Round => {
    const turn = SERVERS[at % SERVERS.length] ?? "in this process";
    return roundOf(first + at, asked ?? turn);
  });
  await playMany(rounds, ground, (round, played) => {
    if (values.verbose)
      console.log(`${round.seed}: ${describeRound(round)}: ${played.losers} losers`);
    tell(round, played, complain(round, played));
  });
});
process.exitCode = broken === 0 ? 0 : 1;

/** Plays, and prints what broke as it breaks, and at the end a line for each kind of locks. */
async function report(
  what: string,
  count: number,
  play: (
    count: number,
    tell: (round: Counted, played: Played, complaint: string) => void,
  ) => Promise<void>,
): Promise<void> {
  if (count === 0) return;
  console.log(`${count} ${what}, first seed ${first}`);
  const startedAt = performance.now();
  const tally = new Map<string, Sums>();
  let own = 0;
  let done = 0;
  await play(count, (round, played, complaint) => {
    add(tally, round, played);
    done += 1;
    if (process.stderr.isTTY) process.stderr.write(`\r${done}/${count} ${what}\u001b[K`);
    else if (done % 100 === 0) process.stderr.write(`${done} ${what}, ${own} broken\n`);
    if (played.problems.length === 0) return;
    own += 1;
    console.log(`BROKEN ${complaint}`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  for (const [locks, { rounds, publishers, losers, requests }] of tally) {
    console.log(
      `locks ${locks}: ${rounds} ${what}, ${publishers} publishers, ${requests} requests, ${losers} stages beside the selected`,
    );
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${count} ${what}, ${seconds} s, ${own} broken`);
  broken += own;
}

function add(tally: Map<string, Sums>, { locks, publishers }: Counted, played: Played): void {
  const { losers, requests } = played;
  const sums = tally.get(locks) ?? { rounds: 0, publishers: 0, losers: 0, requests: 0 };
  tally.set(locks, {
    rounds: sums.rounds + 1,
    publishers: sums.publishers + publishers.length,
    losers: sums.losers + losers,
    requests: sums.requests + requests,
  });
}
