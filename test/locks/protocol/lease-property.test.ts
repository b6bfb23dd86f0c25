import fc from "fast-check";
import { expect, it } from "vitest";

import { acquire, release, renew } from "../../../src/locks/protocol/lease.ts";
import type { Change } from "../../../src/locks/protocol/lease.ts";
import { formatRecord, parseRecord } from "../../../src/locks/protocol/record.ts";
import type { LeaseRecord } from "../../../src/locks/protocol/record.ts";

const TTL_MS = 10_000;

/** What one of a few clients does, and how long after the client before. */
const step = fc.record({
  client: fc.integer({ min: 0, max: 4 }),
  does: fc.constantFrom("alone", "shared", "renew", "release", "forget"),
  hasId: fc.boolean(),
  afterMs: fc.oneof(fc.integer({ min: 0, max: 2_500 }), fc.integer({ min: 9_990, max: 10_010 })),
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Holder {
  readonly client: number;
  readonly uuid: string;
  readonly shared: boolean;
  /** Until when it may count on the lease. */
  until: number;
}

it("nobody is given a lock while another counts on it, and whoever counts on it keeps it by renewing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isStored) => {
      expect(violationsOf(steps, isStored)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

it("who keeps asking with an id is served before those who asked later", () => {
  const order = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(order, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (asks, kinds) => {
      const first = asks.filter((client, at) => asks.indexOf(client) === at);
      let now = 0;
      const ask = (record: LeaseRecord | undefined, client: number) =>
        acquire(
          record,
          {
            lockName: "l",
            shared: kinds[client] === true,
            acquirerId: `c${client}`,
            uuid: `u${client}`,
          },
          { now: (now += 1), ttlMs: TTL_MS },
        );
      const holder = { lockName: "l", shared: false, acquirerId: "", uuid: "holder" };
      let { record } = acquire(undefined, holder, { now, ttlMs: TTL_MS });
      for (const client of asks) record = ask(record, client).record;
      record = release(record, { uuid: "holder", lockName: "l" }, { now, ttlMs: TTL_MS }).record;

      for (const client of first.toReversed()) {
        const ahead = first.slice(0, first.indexOf(client));
        const mayShare = kinds[client] === true && ahead.every((other) => kinds[other] === true);
        const { answer } = ask(record, client);
        expect("handle" in answer).toBe(ahead.length === 0 || mayShare);
      }
    }),
  );
});

/** Plays clients that count on a lease from when they were given it, and tells what should not have happened. */
function violationsOf(steps: readonly Step[], isStored: boolean): string[] {
  const holders: Holder[] = [];
  const violations: string[] = [];
  let record: LeaseRecord | undefined;
  let now = 1_700_000_000_000;
  const keep = <Answer>({ record: next, answer }: Change<Answer>): Answer => {
    record = next === undefined || !isStored ? next : inWholeSeconds(next, record);
    return answer;
  };
  for (const [index, { client, does, hasId, afterMs }] of steps.entries()) {
    now += afterMs;
    const moment = { now, ttlMs: TTL_MS };
    const own = holders.findIndex((holder) => holder.client === client);
    const holder = holders[own];
    if (does === "alone" || does === "shared") {
      if (holder !== undefined) continue;
      const shared = does === "shared";
      const asked = {
        lockName: "l",
        shared,
        uuid: `u${index}`,
        acquirerId: hasId ? `c${client}` : "",
      };
      const answer = keep(acquire(record, asked, moment));
      if ("err" in answer) continue;
      const rivals = holders.filter((other) => other.until >= now && !(other.shared && shared));
      violations.push(...rivals.map((rival) => `step ${index} robs ${rival.client}`));
      holders.push({ client, uuid: answer.handle.uuid, shared, until: trusted(now, isStored) });
    } else if (holder !== undefined) {
      const handle = { uuid: holder.uuid, lockName: "l" };
      const err = does === "renew" ? keep(renew(record, handle, moment)) : "over";
      if (err !== "" && does === "renew" && holder.until >= now) {
        violations.push(`step ${index} is told: ${err}`);
      }
      if (does === "release") keep(release(record, handle, moment));
      if (err === "") holder.until = trusted(now, isStored);
      else holders.splice(own, 1);
    }
  }
  return violations;
}

/** Stored by whole seconds, a lease may be over almost a second early. */
function trusted(now: number, isStored: boolean): number {
  return isStored ? now + TTL_MS - 1000 : now + TTL_MS;
}

/** As it comes back from where it is stored; what did not change was not stored again. */
function inWholeSeconds(next: LeaseRecord, before: LeaseRecord | undefined): LeaseRecord {
  return next === before ? next : parseRecord(formatRecord(next));
}
