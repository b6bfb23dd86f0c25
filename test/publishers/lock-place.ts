import { setTimeout as sleep } from "node:timers/promises";
import { startCluster } from "../../contract-tests/kubernetes/cluster.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { createBadLockServer } from "./lock-server.ts";
import { startLockServer } from "./lock-process.ts";
import type { LockMode } from "./round.ts";

/** Where the publishers of a round keep their locks. */
export interface LockPlace extends AsyncDisposable {
  /** What `--synchronization` says. */
  readonly synchronization: string;
  /** Whether all publishers are users of one machine, with one home. */
  readonly isOneMachine: boolean;
  /** Whether nobody ever gets a lock that another one has. */
  readonly excludes: boolean;
  /** What happens to it while publishers are at work. Ends with them. */
  disturb(over: AbortSignal): Promise<void>;
}

/** How long a server is away, and when. Milliseconds. */
const AWAY_AFTER_MS = 400;
const AWAY_MS = 700;

/** @param shared A server of locks that rounds share: each has a repository of its own. */
export async function openLockPlace(mode: LockMode, shared: string): Promise<LockPlace> {
  const place = (synchronization: string, more: Partial<LockPlace> = {}): LockPlace => ({
    synchronization,
    isOneMachine: false,
    excludes: false,
    disturb: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...more,
  });
  switch (mode) {
    case "none":
      return place(mode);
    case ":local":
      return place(mode, { isOneMachine: true, excludes: true });
    case "http":
      return place(shared, { excludes: true });
    case "forgetful":
    case "lossy": {
      const server = await listen(createBadLockServer(mode).handle);
      return place(server.url, { [Symbol.asyncDispose]: () => server.close() });
    }
    case "kubernetes": {
      const cluster = await startCluster({ namespace: "locks" });
      return place(`kubernetes://locks@${cluster.kubeconfig.path}`, {
        excludes: true,
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      });
    }
    case "restarted": {
      let server = await startLockServer();
      const { port, url } = server;
      return place(url, {
        async disturb(over) {
          await sleep(AWAY_AFTER_MS);
          if (over.aborted) return;
          await server.crash();
          await sleep(AWAY_MS);
          server = await startLockServer(port);
        },
        [Symbol.asyncDispose]: () => server.crash(),
      });
    }
  }
}
