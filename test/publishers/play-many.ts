import type { Ground } from "./ground.ts";
import { playRound } from "./play.ts";
import type { Played } from "./play.ts";
import { describeRound } from "./round.ts";
import type { Round } from "./round.ts";

/** Most of a round is waiting. */
const AT_ONCE = 6;

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
        problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
        losers: 0,
        requests: 0,
      }));
      ended(round, played);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
}

/** What a person needs to see a problem again, and the problems. */
export function complain(round: Round, { problems }: Played): string {
  return [
    `--seed ${round.seed} --server "${round.server}": ${describeRound(round)}`,
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}
