import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { ALREADY_LEASED, NO_LEASE, SHOULD_WAIT } from "../locks/protocol/wire.ts";
import type { LockCounts } from "./store.ts";

/** What the server counts. No label holds a name of a lock or of a client: both may tell what somebody works on. */
export interface Metrics {
  /** One answer to an operation of the locker. `outcome`: the error of the protocol, or a status that is not 200. */
  answered(operation: string, outcome: string | number, ms: number): void;
  /** A lock was given, so long after it was first asked for. Milliseconds. */
  waited(ms: number): void;
  /** Somebody else changed a record first. */
  conflicted(): void;
  /** In the text format of Prometheus; `count` is asked for what the store holds now. */
  render(count: () => Promise<LockCounts>): Promise<string>;
  readonly contentType: string;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  "": "done",
  [SHOULD_WAIT]: "wait",
  [ALREADY_LEASED]: "lost",
  [NO_LEASE]: "absent",
};

/** Seconds. */
const ANSWER_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5];
const WAIT_BUCKETS = [0.1, 1, 2, 5, 10, 30, 60, 300, 1800];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "tidemark_locks_requests_total",
    help: "Requests for locks by operation and outcome: done, wait, lost, absent, or an HTTP status.",
    labelNames: ["operation", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "tidemark_locks_request_seconds",
    help: "Time from a request for a lock to its answer.",
    labelNames: ["operation"],
    buckets: ANSWER_BUCKETS,
    registers,
  });
  const waits = new Histogram({
    name: "tidemark_locks_wait_seconds",
    help: "Time from the first request for a lock until it was given; clients without an id never wait here.",
    buckets: WAIT_BUCKETS,
    registers,
  });
  const conflicts = new Counter({
    name: "tidemark_locks_conflicts_total",
    help: "Changes tried again because another server was faster.",
    registers,
  });
  const leases = new Gauge({
    name: "tidemark_locks_leases",
    help: "Locks held now, over all servers of one store.",
    registers,
  });
  const waiting = new Gauge({
    name: "tidemark_locks_waiting",
    help: "Places in queues now, over all servers of one store.",
    registers,
  });
  const up = new Gauge({
    name: "tidemark_locks_store_up",
    help: "Whether the store answers: 1 or 0.",
    registers,
  });

  return {
    answered(operation, outcome, ms) {
      requests.inc({ operation, outcome: OUTCOMES[outcome] ?? String(outcome) });
      seconds.observe({ operation }, ms / 1000);
    },
    waited: (ms) => waits.observe(ms / 1000),
    conflicted: () => conflicts.inc(),
    async render(count) {
      const counts = await count().catch(() => undefined); // Shown as `tidemark_locks_store_up 0`.
      up.set(counts === undefined ? 0 : 1);
      leases.set(counts?.leases ?? NaN);
      waiting.set(counts?.waiting ?? NaN);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
