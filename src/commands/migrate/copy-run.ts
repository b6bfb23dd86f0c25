import type { MigrationState } from "../../journal/migration-state.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { RegistryError } from "../../registry/error.ts";
import type { CommandDeps } from "../deps.ts";
import type { Knowledge } from "../transfer/upload.ts";
import { createSlots } from "../transfer/slots.ts";
import type { Slots } from "../transfer/slots.ts";
import type { CopyProgress } from "./copy-progress.ts";

/** What every step of one copying knows. */
export interface CopyRun {
  readonly deps: CommandDeps;
  readonly state: MigrationState;
  readonly progress: CopyProgress;
  /** Room for blobs on their way, to whichever repository. */
  readonly slots: Slots;
  /** What is known of the blobs of a repository of the target. */
  knowledgeOf(to: Repository, isFresh: boolean): Knowledge;
  /** Tells people, each sentence once. */
  readonly warn: (message: string) => void;
  readonly warnings: ReadonlySet<string>;
  /** Learns how a request ended: many failures in a row, and nothing between them, end the run. */
  settle(error?: unknown): void;
  /** Learns what is not there in the end and belongs to no tag of the plan; one line. */
  miss(line: string): void;
  missed(): string | undefined;
  /** Ends the run, for a reason of one line: nothing more is begun. */
  end(reason: string): void;
  /** Why nothing more is begun, one line. */
  brokeOff(): string | undefined;
  /** The last failure that may be the fault of the whole. */
  trouble(): RegistryError | undefined;
}

/** Failures in a row after which the target, or the source, is taken for gone. Each has been retried by then. */
const MAX_FAILURES = 10;

export function createCopyRun(
  deps: CommandDeps,
  { state, progress }: Pick<CopyRun, "state" | "progress">,
): CopyRun {
  const warnings = new Set<string>();
  const arrivals = createArrivals();
  let failures = 0;
  let trouble: RegistryError | undefined;
  let over: string | undefined;
  let missing: string | undefined;

  return {
    deps,
    state,
    progress,
    slots: createSlots(deps.parallel),
    knowledgeOf(to, isFresh) {
      const address = formatRepository(to);
      return {
        isFresh,
        has: (digest) => state.has(address, "blob", digest),
        elsewhere: (digest) => arrivals.elsewhere(to, digest),
        begins: (digest, ended) => arrivals.begin(to, digest, ended),
        advances: (digest, bytes) => progress.blobMoved(address, digest, bytes),
        arrives(digest) {
          arrivals.add(to, digest);
          state.add(address, "blob", digest);
          progress.blobDone(address, digest);
        },
      };
    },
    warn(message) {
      if (warnings.has(message)) return;
      warnings.add(message);
      deps.report({ type: "warning.raised", message });
    },
    warnings,
    settle(error) {
      if (error === undefined) failures = 0;
      if (!isOutage(error)) return;
      failures += 1;
      trouble = error;
      if (failures >= MAX_FAILURES) over ??= `${failures} failures in a row: ${error.message}`;
    },
    miss: (line) => void (missing ??= line),
    missed: () => missing,
    end: (reason) => void (over ??= reason),
    brokeOff: () => (deps.signal.aborted ? "the run was interrupted" : over),
    trouble: () => trouble,
  };
}

/** Whether a failure says nothing about the one thing that was tried. */
function isOutage(error: unknown): error is RegistryError {
  return isRegistryError(error, "unavailable", "rate-limited", "unauthorized", "denied");
}

/** Where on the target's hosts blobs are, and are about to be. */
interface Arrivals {
  /** See `Knowledge.elsewhere`. */
  elsewhere(to: Repository, digest: Digest): Promise<Repository | undefined>;
  begin(to: Repository, digest: Digest, ended: Promise<unknown>): void;
  add(to: Repository, digest: Digest): void;
}

function createArrivals(): Arrivals {
  const places = new Map<string, Repository>();
  const coming = new Map<string, { readonly to: string; readonly ended: Promise<unknown> }>();
  const keyOf = ({ host }: Repository, digest: Digest): string => `${host} ${digest}`;

  return {
    async elsewhere(to, digest) {
      const key = keyOf(to, digest);
      const begun = coming.get(key);
      if (begun !== undefined && begun.to !== to.name) await begun.ended;
      const place = places.get(key);
      return place?.name === to.name ? undefined : place;
    },
    begin(to, digest, ended) {
      const key = keyOf(to, digest);
      // Whoever begins first is waited for by all others, and waits for nobody.
      if (coming.has(key) || places.has(key)) return;
      coming.set(key, { to: to.name, ended });
      void ended.then(() => coming.delete(key));
    },
    add(to, digest) {
      const key = keyOf(to, digest);
      if (!places.has(key)) places.set(key, to);
    },
  };
}
