import { HttpError } from "../../http/client.ts";
import { isRegistryError } from "../../registry/error.ts";
import { mapParallel } from "../parallel.ts";
import { openPlaces } from "./places.ts";
import type { Place, Places } from "./places.ts";
import type { Ancestry, PublishDeps, PublishRequest } from "./request.ts";
import { createStageLocks } from "./stage-locks.ts";
import type { StageLocks } from "./stage-locks.ts";

/** What every step of one publishing knows. */
export interface Run {
  readonly project: string;
  readonly places: Places;
  readonly locks: StageLocks;
  readonly deps: PublishDeps;
  readonly ancestry: Ancestry | undefined;
  readonly checksBlobs: boolean;
  /** Tells people, each sentence once. */
  readonly warn: (message: string) => void;
  /** Works on several at a time; the first failure cancels whatever the run does. Answers in their order. */
  each<Item, Result>(
    items: readonly Item[],
    work: (item: Item) => Promise<Result>,
  ): Promise<readonly Result[]>;
}

interface OpenRun extends Run, AsyncDisposable {
  readonly warnings: ReadonlySet<string>;
}

/** A run, and what it has told people so far. Disposing it gives its locks back. */
export async function openRun(request: PublishRequest, deps: PublishDeps): Promise<OpenRun> {
  const failure = new AbortController();
  const signal = AbortSignal.any([deps.signal, failure.signal]);
  const own = { ...deps, signal };
  const warnings = new Set<string>();
  const warn = (message: string): void => {
    if (warnings.has(message)) return;
    warnings.add(message);
    deps.report({ type: "warning.raised", message });
  };
  const { project, repositories, ancestry, checksBlobs } = request;
  const locks = createStageLocks(request, own, warn);
  return {
    project,
    places: await openPlaces(repositories, own),
    locks,
    deps: own,
    ancestry,
    checksBlobs,
    warn,
    warnings,
    async each(items, work) {
      try {
        return await mapParallel(items, deps.parallel, async (item) => {
          try {
            return await work(item);
          } catch (error) {
            failure.abort(error);
            throw error;
          }
        });
      } catch (error) {
        // What was cancelled may say so in its own words; the cause is what counts.
        throw failure.signal.aborted ? failure.signal.reason : error;
      }
    },
    [Symbol.asyncDispose]: () => locks[Symbol.asyncDispose](),
  };
}

/** Opens a repository that the run may do without; `undefined`, and a warning, when that fails. */
export async function openOptional(
  open: () => Promise<Place>,
  what: string,
  { warn, deps: { signal } }: Pick<Run, "warn" | "deps">,
): Promise<Place | undefined> {
  return attempt(open, (reason) => warn(`${what} is left out: ${reason}`), signal);
}

/**
 * The result of work that a registry may refuse; `undefined` when one did, after saying why. An interruption is no such
 * failure, and a mistake of the user or a bug is none.
 */
export async function attempt<Result>(
  work: () => Promise<Result>,
  failed: (reason: string) => void,
  signal: AbortSignal,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!isRegistryError(error) && !(error instanceof HttpError)) throw error;
    failed(error.message);
    return undefined;
  }
}
