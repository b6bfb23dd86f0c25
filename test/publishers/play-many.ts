import type { Ground } from "./ground.ts";
import { playRound } from "./play.ts";
import type { Played } from "./play.ts";
import { describeRound } from "./round.ts";
import { SOURCES, sourceIn } from "./images.ts";
import { playTurns } from "./play-turns.ts";
import { describeTurnRound } from "./turn-round.ts";
import type { TurnRound } from "./turn-round.ts";
import { holdSource } from "./turn-source.ts";
import type { Source } from "../../src/sources/source.ts";
import type { Round } from "./round.ts";

/** Most of a round is waiting. */
const AT_ONCE = 12;

/** Plays rounds, several at once. Tells each as it ends; one that could not be played has that as its problem. */
export async function playMany(
  rounds: readonly Round[],
  ground: Ground,
  ended: (round: Round, played: Played) => void,
): Promise<void> {
  const left = rounds.values();
  const play = async (): Promise<void> => {
    for (const round of left) {
      const played = await playRound(round, ground).catch((error: unknown): Played => ({
        problems: [describeError(error)],
        losers: 0,
        requests: 0,
      }));
      ended(round, played);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
}

/** Plays rounds whose every step is drawn, one after the other. */
export async function playManyTurns(
  rounds: readonly TurnRound[],
  root: string,
  ended: (round: TurnRound, played: Played) => void,
): Promise<void> {
  const sources = new Map<string, Source>();
  for (const name of SOURCES) sources.set(name, await holdSource(sourceIn(root, name)));
  for (const round of rounds) {
    const played = await playTurns(round, sources).catch((error: unknown): Played => ({
      problems: [describeError(error)],
      losers: 0,
      requests: 0,
    }));
    ended(round, played);
  }
}

/** What a person needs to see a problem again, and the problems. */
export function complain(round: Round, { problems }: Played): string {
  const again = `--rounds 1 --turns 0 --seed ${round.seed} --server "${round.server}"`;
  return [`${again}: ${describeRound(round)}`, ...problems.map(indented)].join("\n");
}

/** The same of a round whose steps are drawn. */
export function complainOfTurns(round: TurnRound, { problems }: Played): string {
  const again = `--rounds 0 --turns 1 --seed ${round.seed}`;
  return [`${again}: ${describeTurnRound(round)}`, ...problems.map(indented)].join("\n");
}

function indented(problem: string): string {
  return `  ${problem}`;
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
