import { shallowCommits, type Clone } from "./clone.ts";
import { unattended } from "./environment.ts";
import { GitError } from "./error.ts";
import { fetchRemote } from "./fetch.ts";
import { hasRemote, readRemoteSettings, type RemoteSettings } from "./remote.ts";

/**
 * Where references are read from.
 *
 * - `remote`: what was just fetched, `refs/tidemark/{heads,tags}/*`
 * - `remote-tracking`: `refs/remotes/NAME/*` and the clone's tags, as old as its last fetch
 * - `local`: the clone's own branches and tags
 */
export type ReferenceSource = "remote" | "remote-tracking" | "local";

export interface SynchronizeRequest {
  /** Whether the remote may be asked. */
  readonly fetch: boolean;
  /** Default: `origin`. */
  readonly remote?: string;
}

export interface Synchronization {
  readonly source: ReferenceSource;
  /** Sentences for a person: why the references may be fewer than the remote has. */
  readonly warnings: readonly string[];
}

/**
 * Makes the clone complete and says where its references are. `GitError("shallow")` when the history is cut
 * and may not, or cannot, be fetched; `"no-remote"` and `"fetch-failed"` otherwise.
 */
export async function synchronize(
  clone: Clone,
  { fetch, remote = "origin" }: SynchronizeRequest,
): Promise<Synchronization> {
  const settings = await readRemoteSettings(clone);
  const isCloned = hasRemote(clone, settings, remote);
  if (isCloned && fetch) {
    await fetchRemote({ ...clone, env: unattended({ ...clone.env }, settings.sshCommand) }, remote);
    return { source: "remote", warnings: [] };
  }
  if ((await shallowCommits(clone)).length > 0) throw shallowClone(clone, isCloned);
  return isCloned ? sourceWithoutFetch(settings, remote) : { source: "local", warnings: [] };
}

/** A bare or mirrored clone has the remote's branches as its own. */
function sourceWithoutFetch(settings: RemoteSettings, remote: string): Synchronization {
  const tracked = `refs/remotes/${remote}/`;
  const refspecs = settings.refspecs.get(remote) ?? [];
  if (!refspecs.some((refspec) => refspec.includes(`:${tracked}`))) {
    return { source: "local", warnings: [] };
  }
  const isComplete = refspecs.some((refspec) => /^\+?refs\/heads\/\*:/.test(refspec));
  const warning = `The clone tracks only ${refspecs.join(", ")} of ${remote}, and nothing was fetched: branches it does not track protect nothing.`;
  return { source: "remote-tracking", warnings: isComplete ? [] : [warning] };
}

function shallowClone(clone: Clone, isCloned: boolean): GitError {
  const remedy = isCloned
    ? "allow the fetch, or run git fetch --unshallow"
    : "it has no remote to fetch the rest from, so use a complete clone";
  return new GitError(
    "shallow",
    `${clone.dir} is a shallow clone, its history is incomplete: ${remedy}`,
  );
}
