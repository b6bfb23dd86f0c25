import { createMemoryStore } from "../../src/server/memory-store.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { openLockServer } from "../../src/server/open-lock-server.ts";
import type { LockServer, LockServerOptions } from "../../src/server/open-lock-server.ts";

/** A lock server of this process, with a clock that stands still until it is told. */
export interface TestServer extends LockServer {
  pass(ms: number): void;
  /** What kept requests from being answered. */
  readonly failures: readonly string[];
}

export interface TestServerOptions extends Partial<LockServerOptions> {
  readonly graceMs?: number;
  readonly maxLocks?: number;
}

export async function serveLocks({
  graceMs = 0,
  maxLocks = 1000,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  let now = 1_700_000_000_000;
  const failures: string[] = [];
  const store = createMemoryStore({ ttlMs: 10_000, graceMs, maxLocks, now: () => now });
  const server = await openLockServer({
    host: "127.0.0.1",
    port: 0,
    store,
    metrics: createMetrics(),
    maxBodyBytes: 65_536,
    maxConnections: 100,
    requestTimeoutMs: 10_000,
    onFailure: (line) => failures.push(line),
    ...options,
  });
  return { ...server, pass: (ms) => void (now += ms), failures };
}
