import { describe, expect, it } from "vitest";

import { acquire, release, renew } from "../../../src/locks/protocol/lease.ts";
import type { Acquisition, Change, Moment } from "../../../src/locks/protocol/lease.ts";
import type { LeaseRecord } from "../../../src/locks/protocol/record.ts";
import { ALREADY_LEASED, NO_LEASE, SHOULD_WAIT } from "../../../src/locks/protocol/wire.ts";

const NOW = 1_700_000_000_000;
const WAIT = { err: SHOULD_WAIT };

describe("a lock", () => {
  it("is given to whom asks first, and to nobody else until the lease is over", () => {
    const lock = lockAt();

    expect(lock.acquire({ uuid: "u1" })).toEqual(given("u1"));
    lock.pass(10_000);
    expect(lock.acquire({ uuid: "u2" })).toEqual(WAIT);
    lock.pass(1);
    expect(lock.acquire({ uuid: "u3" })).toEqual(given("u3"));
  });

  it("stays with a holder who renews", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.pass(9_000);

    expect(lock.renew("u1")).toBe("");

    lock.pass(9_000);
    expect(lock.acquire({ uuid: "u2" })).toEqual(WAIT);
  });

  it("is taken up again by a holder who was late, as long as nobody took it", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.pass(60_000);

    expect(lock.renew("u1")).toBe("");
    expect(lock.acquire({ uuid: "u2" })).toEqual(WAIT);
  });

  it("is lost to a holder who was late when somebody took it", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.pass(10_001);
    lock.acquire({ uuid: "u2" });

    expect(lock.renew("u1")).toBe(ALREADY_LEASED);
    expect(lock.release("u1")).toBe(ALREADY_LEASED);
    expect(lock.renew("u2")).toBe("");
  });

  it("leaves nothing behind when it is released", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });

    expect(lock.release("u1")).toBe("");

    expect(lock.record()).toBeUndefined();
    expect(lock.renew("u1")).toBe(NO_LEASE);
    expect(lock.release("u1")).toBe(NO_LEASE);
  });

  it("goes by the word of whoever watches a record whose clock they do not trust", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });

    expect(lock.acquire({ uuid: "u2" }, { isLapsed: true })).toEqual(given("u2"));
    lock.pass(60_000);
    expect(lock.acquire({ uuid: "u3" }, { isLapsed: false })).toEqual(WAIT);
  });
});

describe("a shared lock", () => {
  it("is given to all who share it under one name, and is free when the last gave it back", () => {
    const lock = lockAt();

    expect(lock.acquire({ uuid: "u1", shared: true })).toEqual(given("u1"));
    expect(lock.acquire({ uuid: "u2", shared: true })).toEqual(given("u1"));
    expect(lock.acquire({ uuid: "u3" })).toEqual(WAIT);
    lock.release("u1");
    expect(lock.acquire({ uuid: "u4" })).toEqual(WAIT);
    lock.release("u1");
    expect(lock.acquire({ uuid: "u5" })).toEqual(given("u5"));
  });

  it("lasts from the last time that somebody joined", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1", shared: true });
    lock.pass(9_000);
    lock.acquire({ uuid: "u2", shared: true });
    lock.pass(9_000);

    expect(lock.acquire({ uuid: "u3" })).toEqual(WAIT);
  });

  it("is not given beside one who has it alone", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });

    expect(lock.acquire({ uuid: "u2", shared: true })).toEqual(WAIT);
  });

  it("is of the kind that the last taker asked for", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1", shared: true });
    lock.pass(10_001);
    lock.acquire({ uuid: "u2" });

    expect(lock.acquire({ uuid: "u3", shared: true })).toEqual(WAIT);
  });
});

describe("the queue", () => {
  it("gives a lock to whom asked first, whoever asks next", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.acquire({ acquirerId: "first" });
    lock.pass(1);
    lock.acquire({ acquirerId: "second" });
    lock.release("u1");

    expect(lock.acquire({ acquirerId: "second" })).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "" })).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "first", uuid: "u2" })).toEqual(given("u2", 1));
    lock.release("u2");
    expect(lock.acquire({ acquirerId: "second", uuid: "u3" })).toEqual(given("u3"));
  });

  it("keeps a place for who asks again in time, and for nobody else", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.acquire({ acquirerId: "patient" });
    lock.acquire({ acquirerId: "gone" });
    lock.pass(6_000);
    lock.renew("u1");
    lock.acquire({ acquirerId: "patient" });
    lock.pass(6_000);
    lock.release("u1");

    expect(lock.acquire({ acquirerId: "other" })).toEqual(WAIT);
    expect(lock.record()?.queue.map(({ acquirerId }) => acquirerId)).toEqual(["patient", "other"]);
    expect(lock.acquire({ acquirerId: "patient", uuid: "u2" })).toEqual(given("u2", 12_000));
  });

  it("does not bring back to life what was released while others waited", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.acquire({ acquirerId: "a" });
    lock.release("u1");

    expect(lock.renew("u1")).toBe(NO_LEASE);
    expect(lock.release("u1")).toBe(NO_LEASE);
    expect(lock.acquire({ acquirerId: "a", uuid: "u2" })).toEqual(given("u2"));
  });

  it("lets nobody share a lock who came after one who waits to have it alone", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1", shared: true });
    lock.acquire({ acquirerId: "alone" });

    expect(lock.acquire({ shared: true, acquirerId: "late" })).toEqual(WAIT);
    lock.release("u1");
    expect(lock.acquire({ shared: true, acquirerId: "late" })).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "alone", uuid: "u2" })).toEqual(given("u2"));
  });

  it("lets those who wait to share it in together", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    lock.acquire({ shared: true, acquirerId: "a" });
    lock.acquire({ shared: true, acquirerId: "b" });
    lock.release("u1");

    expect(lock.acquire({ shared: true, acquirerId: "b", uuid: "u2" })).toEqual(given("u2"));
    expect(lock.acquire({ shared: true, acquirerId: "a", uuid: "u3" })).toEqual(given("u2"));
  });

  it("has a thousand places", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    for (let each = 0; each < 1010; each += 1) lock.acquire({ acquirerId: `a${each}` });
    lock.pass(5_000);
    lock.acquire({ acquirerId: "a999" });

    expect(lock.record()?.queue).toHaveLength(1000);
    expect(lock.record()?.queue.at(-1)).toMatchObject({ acquirerId: "a999", until: NOW + 15_000 });
  });

  it("has no place for one without an id, and changes nothing for it", () => {
    const lock = lockAt();
    lock.acquire({ uuid: "u1" });
    const before = lock.record();

    lock.acquire({ uuid: "u2" });

    expect(lock.record()).toBe(before);
  });
});

describe("in the time of grace after a start", () => {
  const grace = { isGrace: true };

  it("gives nothing, but keeps places", () => {
    const lock = lockAt();

    expect(lock.acquire({ acquirerId: "a" }, grace)).toEqual(WAIT);
    expect(lock.acquire({ uuid: "u1" }, grace)).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "b", uuid: "u2" })).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "a", uuid: "u3" })).toEqual(given("u3"));
  });

  it("believes the first who renews a lease that nobody knows", () => {
    const lock = lockAt();

    expect(lock.renew("before", grace)).toBe("");
    expect(lock.renew("older", grace)).toBe(ALREADY_LEASED);
    expect(lock.acquire({ uuid: "u1" })).toEqual(WAIT);
    expect(lock.renew("before")).toBe("");
  });

  it("keeps a place for those who wait when a holder comes back", () => {
    const lock = lockAt();
    lock.acquire({ acquirerId: "a" }, grace);
    lock.renew("before", grace);
    lock.pass(10_000);
    lock.acquire({ acquirerId: "a" });
    lock.pass(1);

    expect(lock.acquire({ uuid: "u1" })).toEqual(WAIT);
    expect(lock.acquire({ acquirerId: "a", uuid: "u2" })).toEqual(given("u2", 10_001));
  });

  it("does not free a lease that others may share when one of them gives it back", () => {
    const lock = lockAt();
    lock.renew("before", grace);

    expect(lock.release("before")).toBe("");

    expect(lock.acquire({ uuid: "u1" })).toEqual(WAIT);
    expect(lock.renew("before")).toBe("");
    lock.pass(10_001);
    expect(lock.acquire({ uuid: "u2" })).toEqual(given("u2"));
  });
});

function given(uuid: string, waitedMs = expect.any(Number)): unknown {
  return { handle: { uuid, lockName: "shop.abc" }, waitedMs };
}

/** A lock, its record, and a clock that stands still until it is told. */
function lockAt() {
  let record: LeaseRecord | undefined;
  let now = NOW;
  const keep = <Answer>(change: Change<Answer>): Answer => {
    record = change.record;
    return change.answer;
  };
  const moment = (more: Partial<Moment>): Moment => ({ now, ttlMs: 10_000, ...more });
  const handleOf = (uuid: string) => ({ uuid, lockName: "shop.abc" });
  return {
    record: () => record,
    pass: (ms: number) => void (now += ms),
    acquire: (asked: Partial<Acquisition>, more: Partial<Moment> = {}) =>
      keep(acquire(record, { ...ASKED, ...asked }, moment(more))),
    renew: (uuid: string, more: Partial<Moment> = {}) =>
      keep(renew(record, handleOf(uuid), moment(more))),
    release: (uuid: string, more: Partial<Moment> = {}) =>
      keep(release(record, handleOf(uuid), moment(more))),
  };
}

const ASKED: Acquisition = {
  lockName: "shop.abc",
  shared: false,
  acquirerId: "",
  uuid: "unexpected",
};
