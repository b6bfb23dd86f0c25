import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import { BUILDS } from "./images.ts";
import type { TurnLockMode } from "./turn-locks.ts";

/** Publishers in one process whose every step is drawn: the same seed plays the same. */
export interface TurnRound {
  readonly seed: number;
  readonly locks: TurnLockMode;
  readonly staleMs: number;
  readonly failing: number;
  readonly isImmutable: boolean;
  readonly untaggedPut: boolean;
  /** Sources that somebody published a month ago, and no record names. */
  readonly old: readonly string[];
  /** When a cleanup begins. Milliseconds. Absent: there is none. */
  readonly cleansAt?: number;
  readonly publishers: readonly TurnPublisher[];
}

export interface TurnPublisher {
  readonly aheadMs: number;
  /** Begins that late. Milliseconds. Default: at once. */
  readonly delayMs?: number;
  /** Sources of the pool. */
  readonly images: readonly string[];
  /** Whether all its images have one and the same digest, whatever their content. */
  readonly isOneStage: boolean;
  /** Whether it ties them to a commit. Default: yes. */
  readonly isRecorded?: boolean;
  /** After how many of its steps it is never heard of again. Absent: it comes to its end. */
  readonly diesAfter?: number;
}

const MINUTES_10 = 600_000;

const MODES = ["exclusive", "none", "forgetful", "lossy", "away"] as const;

export function turnRoundOf(seed: number): TurnRound {
  const dice = diceOf(seed);
  const builds = dice.chance(0.6) ? dice.pick([BUILDS[0], BUILDS[0], BUILDS[1]]) : undefined;
  const size = dice.pick([2, 2, 2, 3, 5, 8]);
  const failing = dice.pick([0, 0, 0, 0.01, 0.04]);
  const deaths = dice.chance(0.2);
  const cleans = dice.chance(0.3);
  return {
    seed,
    locks: MODES[seed % MODES.length] ?? "none",
    // A cleanup sees no record that a list does not show.
    staleMs: cleans ? 0 : dice.pick([0, 0, 0, 10, 200, 5_000]),
    failing,
    isImmutable: dice.chance(0.15),
    untaggedPut: dice.chance(0.8),
    publishers: Array.from({ length: size }, () => ({
      ...publisherOf(dice, builds, deaths),
      ...(cleans && dice.chance(0.6) ? { delayMs: dice.below(900) } : {}),
    })),
    old: dice.chance(0.4) ? oldOf(dice, builds) : [],
    ...(cleans ? { cleansAt: dice.below(400) } : {}),
  };
}

function oldOf(dice: Dice, builds: (typeof BUILDS)[number] | undefined): readonly string[] {
  if (builds !== undefined) return [builds[0]];
  return dice.chance(0.5) ? ["app-0", "both"] : ["app-0"];
}

function publisherOf(
  dice: Dice,
  builds: (typeof BUILDS)[number] | undefined,
  deaths: boolean,
): TurnPublisher {
  const images =
    builds !== undefined
      ? [dice.pick<string>([builds[0], ...builds])]
      : ["app-0", "web", "both"].filter(() => dice.chance(0.6));
  return {
    aheadMs: dice.pick([0, 0, 0, 0, -MINUTES_10, MINUTES_10, 4, -3]),
    images: images.length === 0 ? ["web"] : images,
    isOneStage: builds !== undefined,
    ...(deaths && dice.chance(0.4) ? { diesAfter: dice.below(60) } : {}),
  };
}

/** For people. */
export function describeTurnRound(round: TurnRound): string {
  const { publishers, locks, staleMs, failing, isImmutable, untaggedPut, old, cleansAt } = round;
  const dying = publishers.filter(({ diesAfter }) => diesAfter !== undefined).length;
  return [
    `${publishers.length} publishers of ${publishers[0]?.isOneStage === true ? "one stage" : "several images"}`,
    `locks ${locks}`,
    ...(staleMs > 0 ? [`lists late by ${staleMs} ms`] : []),
    ...(failing > 0 ? [`${failing * 100} % of the calls fail`] : []),
    ...(isImmutable ? ["tags cannot be moved"] : []),
    ...(untaggedPut ? [] : ["nothing without a tag"]),
    ...(dying > 0 ? [`${dying} die`] : []),
    ...(old.length > 0 ? [`${old.join(" and ")} there for a month`] : []),
    ...(cleansAt === undefined ? [] : [`a cleanup after ${cleansAt} ms`]),
  ].join(", ");
}
