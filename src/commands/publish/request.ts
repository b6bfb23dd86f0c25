import type { Synchronization } from "../../locks/synchronization.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Source } from "../../sources/source.ts";
import type { CommandDeps, LockDeps } from "../deps.ts";

/** What is to be published, and where. */
export interface PublishRequest {
  /** Its name is part of the names of locks, and a label of everything published. */
  readonly project: string;
  /** What writes the stages, as the label `werf-version` says it: `tidemark 0.1.0`. */
  readonly version: string;
  readonly repositories: PublishRepositories;
  /** No two of one name. */
  readonly images: readonly PublishImage[];
  readonly lock: PublishLock;
  /** Whether the Git commits that existing stages were made of have to be known. Absent: they are not looked at. */
  readonly ancestry?: Ancestry;
  /**
   * Whether the blobs of existing stages are asked for one by one: it costs a request each, and finds stages that nobody
   * can pull. Without it a stage is taken as it is listed.
   */
  readonly checksBlobs: boolean;
}

/** The repositories of a project by role. No two may be the same. */
export interface PublishRepositories {
  readonly primary: Repository;
  /** Where images that are `isFinal` go too. */
  readonly final?: Repository;
  /** Asked before the primary one for what it lists; filled as well as can be. */
  readonly caches: readonly Repository[];
  /** Only ever read, in this order, for what the primary one lacks. */
  readonly secondaries: readonly Repository[];
}

export interface PublishImage {
  /** Empty for the nameless image. */
  readonly name: string;
  /** Stays open until the publishing is over; the caller closes it. */
  readonly source: Source;
  /**
   * 56 hex characters. Absent: over the content and the platform. Of several platforms each gets its own, over its
   * platform and this.
   */
  readonly stageDigest?: string;
  /** Whether it goes to the final repository too. */
  readonly isFinal: boolean;
  /** Labels of its stages besides those that every stage has. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface PublishLock {
  readonly synchronization: Synchronization;
  /** How long one lock is waited for. Milliseconds. */
  readonly waitMs: number;
  /**
   * What happens when a lock cannot be had in that time: `lock-free` publishes without it and warns, `fail` rejects with
   * the `LockError`.
   */
  readonly otherwise: "lock-free" | "fail";
}

/** Tells which commits the images to be published build on. */
export interface Ancestry {
  /** Whether a commit is known, and an ancestor of the current one or that itself. */
  has(commit: string): Promise<boolean>;
}

export interface PublishDeps extends CommandDeps, LockDeps {
  /** At least 0, below 1. */
  readonly random: () => number;
}
