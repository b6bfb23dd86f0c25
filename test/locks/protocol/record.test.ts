import { expect, it } from "vitest";

import { formatRecord, lockKey, parseRecord } from "../../../src/locks/protocol/record.ts";
import type { LeaseRecord } from "../../../src/locks/protocol/record.ts";

const RECORD: LeaseRecord = {
  uuid: "u1",
  lockName: "shop.abc",
  expiresAt: 1_700_000_010_999,
  holders: 2,
  isShared: true,
  queue: [
    { acquirerId: "b", isShared: false, since: 1_700_000_001_500, until: 1_700_000_011_500 },
    { acquirerId: "a", isShared: true, since: 1_700_000_002_000, until: 1_700_000_012_000 },
  ],
};

const STORED =
  '{"uuid":"u1","lockName":"shop.abc","ExpireAtTimestamp":1700000010,"SharedHoldersCount":2,"IsShared":true,' +
  '"QueueMembers":{"b":{"AcquirerId":"b","AcquiredAtTimestamp":1700000001,"ExpireAtTimestamp":1700000011},' +
  '"a":{"AcquirerId":"a","AcquiredAtTimestamp":1700000002,"ExpireAtTimestamp":1700000012,"IsShared":true}}}';

it("keeps the record of a lock under the hash of its name", () => {
  expect(lockKey(`myproject.${"0".repeat(56)}`)).toBe(
    "lockgate.io/564bb414bf066105425b236f89e14defde65f2796108a41b26196118",
  );
});

it("writes a record as lockgate does, in whole seconds", () => {
  expect(formatRecord(RECORD)).toBe(STORED);
});

it("reads what it wrote", () => {
  expect(formatRecord(parseRecord(STORED))).toBe(STORED);
});

it("writes an empty queue, without which lockgate 0.2.0 breaks down", () => {
  expect(formatRecord({ ...RECORD, queue: [] })).toMatch(/,"QueueMembers":\{\}\}$/);
});

it.each([
  ["has no queue, as of lockgate 0.1.1", ""],
  ["has none", ',"QueueMembers":null'],
])("reads a record that %s", (_, queue) => {
  const json = `{"uuid":"u","lockName":"n","ExpireAtTimestamp":7,"SharedHoldersCount":1,"IsShared":false${queue},"x":1}`;

  expect(parseRecord(json)).toEqual({
    uuid: "u",
    lockName: "n",
    expiresAt: 7000,
    holders: 1,
    isShared: false,
    queue: [],
  });
});

it("orders a queue by first requests, then by id", () => {
  const member = (id: string, since: number): string =>
    `"${id}":{"AcquirerId":"${id}","AcquiredAtTimestamp":${since},"ExpireAtTimestamp":99}`;
  const members = [member("c", 5), member("b", 5), member("a", 6)].join(",");
  const json = `{"uuid":"u","lockName":"n","ExpireAtTimestamp":7,"SharedHoldersCount":1,"IsShared":false,"QueueMembers":{${members}}}`;

  expect(parseRecord(json).queue.map(({ acquirerId }) => acquirerId)).toEqual(["b", "c", "a"]);
});

it.each([
  ["", "Unexpected end of JSON input"],
  ["{}", "uuid"],
  ["[]", "expected object"],
  ["null", "expected object"],
  ['{"uuid":1}', "expected string"],
])("refuses %j", (json, reason) => {
  expect(() => parseRecord(json)).toThrow(reason);
});
