import { randomUUID } from "node:crypto";

import { acquire, release, renew } from "../locks/protocol/lease.ts";
import type {
  AcquireAnswer,
  AcquireRequest,
  Answer,
  HandleRequest,
} from "../locks/protocol/wire.ts";
import type { Metrics } from "./metrics.ts";
import type { LeaseStore } from "./store.ts";

/** What a client may ask of its locks, in the words of the protocol. */
export interface LockService {
  acquire(clientId: string, request: AcquireRequest): Promise<AcquireAnswer>;
  renew(clientId: string, request: HandleRequest): Promise<Answer>;
  release(clientId: string, request: HandleRequest): Promise<Answer>;
}

/** Rejects with `StoreError`. */
export function createLockService(store: LeaseStore, metrics: Metrics): LockService {
  return {
    async acquire(clientId, { lockName, opts }) {
      const asked = { lockName, ...opts, uuid: randomUUID() };
      const answer = await store.change({ clientId, lockName }, (record, moment) =>
        acquire(record, asked, moment),
      );
      if ("err" in answer) return { lockHandle: { uuid: "", lockName: "" }, err: answer.err };
      metrics.waited(answer.waitedMs);
      return { lockHandle: answer.handle, err: "" };
    },
    async renew(clientId, { lockHandle }) {
      const { lockName } = lockHandle;
      const err = await store.change({ clientId, lockName }, (record, moment) =>
        renew(record, lockHandle, moment),
      );
      return { err };
    },
    async release(clientId, { lockHandle }) {
      const { lockName } = lockHandle;
      const err = await store.change({ clientId, lockName }, (record, moment) =>
        release(record, lockHandle, moment),
      );
      return { err };
    },
  };
}
