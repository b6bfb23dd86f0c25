import { z } from "zod";

import { sleep } from "../../http/sleep.ts";
import type { LeaseBackend } from "../leased/lease-backend.ts";
import { LockError } from "../lock.ts";
import { acquire, release, renew } from "../protocol/lease.ts";
import type { Change, Moment } from "../protocol/lease.ts";
import { formatRecord, lockKey, parseRecord } from "../protocol/record.ts";
import type { LeaseRecord } from "../protocol/record.ts";
import { LEASE_TTL_MS } from "../protocol/wire.ts";
import { createConfigMapStore } from "./config-map.ts";
import type { ConfigMap } from "./config-map.ts";
import type { ObjectApi } from "./object-api.ts";
import { createObservations } from "./observations.ts";
import { createTurns } from "./turns.ts";

export interface ClusterBackendOptions {
  readonly project: string;
  readonly namespace: string;
  /** Told the object's identity before the first lease. */
  readonly found: (uid: string, signal: AbortSignal) => Promise<void>;
  /** This machine's clock. Milliseconds since 1970. */
  readonly now: () => number;
  /** This machine's monotonic clock. Milliseconds. */
  readonly clock: () => number;
  /** How long leases last. Milliseconds; default: as others agree on. */
  readonly ttlMs?: number;
}

/** Up to how long one waits whose write met another's. Milliseconds. */
const CONFLICT_MS = 200;

/** The clock of the server is told in whole seconds; a difference smaller than that says nothing. Milliseconds. */
const SKEW_MS = 1500;

/**
 * Leases in the annotations of a ConfigMap, one for each lock, changed by compare-and-swap of the whole object. Times are
 * written by the server's clock and never believed. Source: lockgate and werf, their Kubernetes lockers.
 */
export function createClusterBackend(
  api: ObjectApi,
  { project, namespace, found, now, clock, ttlMs = LEASE_TTL_MS }: ClusterBackendOptions,
): LeaseBackend {
  const store = createConfigMapStore(api, { namespace, name: `werf-${project}` }, learnClock);
  const observations = createObservations(ttlMs);
  /** One change at a time: those of one process need not disturb each other. */
  const turns = createTurns();
  /** As it was written last: nobody has changed it where writing it succeeds. */
  let known: ConfigMap | undefined;
  let skew = 0;

  return {
    address: store.address,
    async prepare(signal) {
      const { uid } = await store.read(signal);
      await found(uid, signal);
    },
    async tryAcquire({ name, shared, uuid, acquirer }, signal) {
      const lockName = clusterLockName(project, name);
      const isHad = await change(lockName, "now", signal, (record, moment) => {
        if (record?.uuid === uuid && record.holders > 0) return had(record, moment);
        // A place in the queue costs a write a try: it is taken only where others keep to a queue.
        const acquirerId = (record?.queue ?? []).length > 0 ? acquirer : "";
        const { record: next, answer } = acquire(
          record,
          { lockName, shared, acquirerId, uuid },
          moment,
        );
        return { record: next, answer: "handle" in answer ? answer.handle.uuid : undefined };
      });
      return isHad === undefined ? undefined : { uuid: isHad, lockName: name };
    },
    async renew({ uuid, lockName: name }, signal) {
      const lockName = clusterLockName(project, name);
      const err = await change(lockName, "before", signal, (record, moment) =>
        renew(record, { uuid, lockName }, moment),
      );
      return err === "" ? "renewed" : "gone";
    },
    async release({ uuid, lockName: name }, signal) {
      const lockName = clusterLockName(project, name);
      await change(lockName, "before", signal, (record, moment) =>
        release(record, { uuid, lockName }, moment),
      );
      observations.forget(lockName);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };

  /**
   * Changes one record. What changes nothing is answered only by what was read for it.
   *
   * @param read Whether what was written last may be read already.
   */
  function change<Answer>(
    lockName: string,
    read: "now" | "before",
    signal: AbortSignal,
    decide: (record: LeaseRecord | undefined, moment: Moment) => Change<Answer>,
  ): Promise<Answer> {
    return turns.take(signal, async () => {
      if (read === "now") known = undefined;
      for (;;) {
        const readAt = clock();
        const isFresh = known === undefined;
        const map = known ?? (await store.read(signal));
        const { [lockKey(lockName)]: text, ...others } = map.annotations;
        const record = text === undefined ? undefined : parse(text);
        const isLapsed = isFresh && observations.isLapsed(record, { readAt, now: clock() });
        const moment: Moment = { now: now() + skew, ttlMs, isLapsed };
        const { record: next, answer } = decide(record, moment);
        known = undefined;
        if (next === record) {
          if (isFresh) return answer;
          continue;
        }
        const annotations =
          next === undefined
            ? others
            : { ...others, [lockKey(lockName)]: formatChanged(next, text) };
        known = await store.write(map, annotations, signal);
        if (known !== undefined) return answer;
        await sleep(Math.random() * CONFLICT_MS, signal);
      }
    });
  }

  function parse(text: string): LeaseRecord {
    try {
      return parseRecord(text);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
      throw new LockError(
        "refused",
        `${store.address} has an annotation of lockgate.io that is no record of a lock; remove it`,
        { cause: error },
      );
    }
  }

  function learnClock(at: number): void {
    const difference = at + 500 - now();
    skew = Math.abs(difference) < SKEW_MS ? 0 : difference;
  }
}

/** A lease that a try took whose answer did not arrive. */
function had(record: LeaseRecord, moment: Moment): Change<string | undefined> {
  const { record: next } = renew(record, record, moment);
  return { record: next, answer: record.uuid };
}

/** Others tell a lease that is renewed by its change, so a renewal never looks like what was there. */
function formatChanged(record: LeaseRecord, before: string | undefined): string {
  const text = formatRecord(record);
  return text === before ? formatRecord({ ...record, expiresAt: record.expiresAt + 1000 }) : text;
}

/** `<project>.<digest>` is written `<project>/stage/<digest>` here. Source: werf 2. */
function clusterLockName(project: string, name: string): string {
  const start = `${project}.`;
  return name.startsWith(start) ? `${project}/stage/${name.slice(start.length)}` : name;
}
