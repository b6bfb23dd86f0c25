import type { DefinedImages } from "../config/image-names.ts";
import type { Event } from "../events/event.ts";
import type { History } from "../git/history.ts";
import type { RequestCounts } from "../http/client.ts";
import type { Journal, JournalHeader } from "../journal/journal.ts";
import type { LockAttempt } from "../locks/lock-file.ts";
import type { LockManager } from "../locks/lock.ts";
import type { Synchronization } from "../locks/synchronization.ts";
import type { Repository } from "../oci/reference.ts";
import type { Detection } from "../registry/detect.ts";
import type { Registry } from "../registry/registry.ts";
import type { LeaseHolder } from "../stages/lease.ts";
import type { Clusters } from "../usage/kubernetes/open.ts";
import type { ClusterRequest } from "../usage/kubernetes/request.ts";
import type { Gathered } from "./cleanup/gathered.ts";

/** What a command is given. It cannot tell a terminal from a server. */
export interface CommandDeps {
  /**
   * The registry of a repository. It serves every repository of its host, so one host is opened once for each role, and
   * lives as long as the command.
   *
   * @param role Whose implementation, options and credentials, as options spell it; default: `repo`.
   */
  openRegistry(repository: Repository, role?: string): Promise<Registry>;
  /** The Git history behind the project; rejects with `GitError`. */
  readHistory(request: HistoryRequest): Promise<GitHistory>;
  /**
   * The clusters that images may be used in, found once for the whole run; nothing is sent to them yet. Rejects with
   * `KubeConfigError`, and with `ClusterMissingError`.
   *
   * @param options `tolerant`: a cluster that is missing is left out.
   */
  openClusters(request: ClusterRequest, options: { readonly tolerant: boolean }): Promise<Clusters>;
  /**
   * The image names that the project's configuration defines at commits, by commit; one without a configuration is left out.
   *
   * @param request.configPath The configuration file of this run.
   */
  readImageNames(request: {
    readonly commits: readonly string[];
    readonly configPath: string;
  }): Promise<ReadonlyMap<string, DefinedImages>>;
  /** @param registry Of the repository that the header names: the journal may have to lie in it. */
  openJournal(header: JournalHeader, registry: Registry): Promise<Journal>;
  /** What this run is among others. */
  readonly runner: Runner;
  readonly report: (event: Event) => void;
  /** Called with each plan as it is made, before anything is changed. */
  readonly planned?: (gathered: Gathered) => void;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Requests sent so far. */
  readonly requests: () => RequestCounts;
  /** Most requests in flight. */
  readonly parallel: number;
}

/** What a command is given that keeps others from doing the same work. */
export interface LockDeps {
  /** The locks of a project. Nothing is sent until the first is acquired; whoever opens them disposes of them. */
  openLocks(synchronization: Synchronization, place: LockPlace): Promise<LockManager>;
}

/** Whose locks, and the repository that tells everybody where they are kept. */
export interface LockPlace {
  readonly project: string;
  readonly repository: Repository;
}

/** A run as others see it, and the others as it sees them. */
export interface Runner {
  /** What a lease says of it. The same for the whole run. */
  identify(): Promise<LeaseHolder>;
  /** Whether the process behind a lease is dead for sure. */
  isGone(holder: LeaseHolder): Promise<boolean>;
  /** When the run began. Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Rejects with the reason of the run's signal when that is aborted. */
  sleep(ms: number): Promise<void>;
  /** Tries to take the lock that keeps runs on this machine apart. */
  tryLockFile(repository: string): Promise<LockAttempt>;
}

/** What a command about the registry itself is given. */
export interface RegistryDeps extends CommandDeps {
  /**
   * Which adapter serves a repository, and why. Rejects with `DetectionError`.
   *
   * @param probes `none` asks no server; `all` reads the pages of every implementation where the first answer of the host
   * tells nothing, `ambiguous` only of those that it leaves in doubt.
   */
  detect(repository: Repository, probes: "none" | "ambiguous" | "all"): Promise<Detection>;
}

export interface HistoryRequest {
  /** Whether the remote may be asked. */
  readonly fetch: boolean;
}

export interface GitHistory extends History {
  /** Whether the remote may have more than is read here. */
  readonly mayBeBehind?: boolean;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}
