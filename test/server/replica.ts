import { createMetrics } from "../../src/server/metrics.ts";
import { openLockServer } from "../../src/server/open-lock-server.ts";
import { openStore } from "../../src/server/open-store.ts";

/** One server of several on a database, as a process of its own: `node replica.ts ADDRESS TTL_MS`. Prints where it is. */
const [, , postgres = "", ttlMs = "0"] = process.argv;
const metrics = createMetrics();
const server = await openLockServer({
  host: "127.0.0.1",
  port: 0,
  store: await openStore({
    postgres,
    ttlMs: Number(ttlMs),
    graceMs: 0,
    maxLocks: 1000,
    connections: 8,
    timeoutMs: 2000,
    onConflict: metrics.conflicted,
  }),
  metrics,
  maxBodyBytes: 65_536,
  maxConnections: 100,
  requestTimeoutMs: 10_000,
  onFailure: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${server.url}\n`);
