import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import { BUILDS, POOL } from "./images.ts";

/** Several publishers at once: what differs from one round to the next. */
export interface Round {
  /** The same seed makes the same round; what happens in it depends on time too. */
  readonly seed: number;
  readonly server: ServerName;
  readonly traits: Traits;
  readonly locks: LockMode;
  readonly trouble: Trouble;
  /** Each publisher is a process of its own; otherwise several share one. */
  readonly processes: boolean;
  /** Whether each image gets another tag too, the same from everybody. */
  readonly aliases: boolean;
  /** Whether one of the processes is killed in the middle. */
  readonly kills: boolean;
  readonly publishers: readonly Publisher[];
}

export type ServerName = "in this process" | "docker-registry" | "olareg";

/** How the registry in this process behaves. */
export type Traits = "conformant" | "docker-registry 2.8" | "OCI only" | "immutable tags";

/**
 * - `forgetful`: a server that hands a lock to everybody who asks, and tells nobody
 * - `lossy`: a server that says at the first renewal that the lease is not known
 * - `restarted`: a server that is away for a moment and knows no lease after it
 */
export type LockMode =
  | ":local"
  | "http"
  | "kubernetes"
  | "none"
  | "forgetful"
  | "lossy"
  | "restarted";

/**
 * - `slow`: every answer takes a while, and the first tags take longer than a lease is renewed in
 * - `stale lists`: a tag is in no list for some time after it was pushed
 */
export type Trouble = "none" | "429" | "resets" | "slow" | "stale lists";

export interface Publisher {
  /** How far its clock is ahead. Milliseconds. */
  readonly aheadMs: number;
  /** Waits before it begins. Milliseconds. */
  readonly delayMs: number;
  /** The commit its clone is at. */
  readonly commit: CommitName;
  /** What it publishes. */
  readonly images: readonly PublishedSource[];
  /** One digest for its only image, whatever the content; absent: by content. */
  readonly stageDigest?: string;
}

export interface PublishedSource {
  /** Of the image. */
  readonly name: string;
  /** Of the pool. */
  readonly source: string;
}

export type CommitName = "c2" | "c3";

const MINUTES_10 = 600_000;

export const LOCK_MODES = [
  ":local",
  "http",
  "kubernetes",
  "none",
  "forgetful",
  "lossy",
  "restarted",
] as const;

const TRAITS = [
  "conformant",
  "conformant",
  "docker-registry 2.8",
  "OCI only",
  "immutable tags",
] as const;

const TROUBLES = ["none", "429", "resets", "slow", "stale lists"] as const;

/** A round in a server; the lock modes take turns, so that few rounds see them all. */
export function roundOf(seed: number, server: ServerName): Round {
  const dice = diceOf(seed);
  const locks = LOCK_MODES[seed % LOCK_MODES.length] ?? "none";
  const trouble: Trouble = locks === "lossy" ? "slow" : dice.pick(TROUBLES);
  const processes = dice.chance(0.08);
  const size = sizeOf(dice, { locks, processes });
  const builds = dice.chance(0.55) ? dice.pick([BUILDS[0], BUILDS[0], BUILDS[1]]) : undefined;
  const publishers = Array.from({ length: size }, () => publisherOf(dice, builds));
  const traits = dice.pick(TRAITS);
  return {
    seed,
    server,
    traits,
    locks,
    trouble,
    processes,
    kills: processes && dice.chance(0.5),
    // A tag that has to move cannot be one that never changes.
    aliases: dice.chance(0.3) && !(server === "in this process" && traits === "immutable tags"),
    publishers,
  };
}

/** A lock that is held for seconds by each keeps many waiting for minutes. */
function sizeOf(
  dice: Dice,
  { locks, processes }: { readonly locks: LockMode; readonly processes: boolean },
): number {
  if (locks === "lossy") return 2;
  if (processes) return dice.pick([2, 2, 2, 2, 2, 8, 8, 8, 8, 32]);
  return dice.pick([2, 2, 2, 2, 8, 8, 8, 8, 8, 32]);
}

function publisherOf(dice: Dice, builds: (typeof BUILDS)[number] | undefined): Publisher {
  const about = {
    aheadMs: dice.pick([0, 0, 0, -MINUTES_10, MINUTES_10, 250, -700]),
    delayMs: dice.pick([0, 0, 0, 0, 20, 150, 600]),
    commit: dice.pick<CommitName>(["c3", "c3", "c2"]),
  };
  if (builds !== undefined) {
    const source = dice.pick<string>([builds[0], ...builds]);
    return { ...about, images: [{ name: "app", source }], stageDigest: STAGE_DIGEST };
  }
  const images = POOL.filter(() => dice.chance(0.6)).map((source) => ({ name: source, source }));
  return {
    ...about,
    images: images.length === 0 ? [{ name: "web", source: "web" }] : images,
  };
}

/** What all publishers of one stage publish. */
export const STAGE_DIGEST = "5ca1ab1e".repeat(7);

/** For people. */
export function describeRound({ publishers, processes, kills, ...round }: Round): string {
  const { locks, trouble, server, traits, aliases } = round;
  const where = server === "in this process" ? `${server} (${traits})` : server;
  const what = publishers[0]?.stageDigest === undefined ? "several images" : "one stage";
  const how = processes ? `processes${kills ? ", one killed" : ""}` : "publishers";
  const also = aliases ? " and custom tags" : "";
  return `${publishers.length} ${how} of ${what}${also}, locks ${locks}, trouble ${trouble}, ${where}`;
}
