import { describe, expect, it } from "vitest";
import { parseImageConfig } from "../../src/oci/manifest.ts";
import {
  isLeaseOf,
  isLeaseTag,
  leaseRecord,
  leaseTag,
  parseLease,
} from "../../src/stages/lease.ts";
import type { Lease } from "../../src/stages/lease.ts";
import { classifyTag } from "../../src/stages/tag.ts";

const RUN = "00112233445566aa";
const STAGE = `${"1".repeat(56)}-1600000000000`;

const LEASE: Lease = {
  kind: "publish",
  holder: { run: RUN, host: "build-3", pid: 4711, machine: "m", started: "17" },
  since: Date.UTC(2026, 0, 1),
  until: Date.UTC(2026, 0, 2),
  stages: [STAGE, "a".repeat(56)],
};

describe("a lease", () => {
  it("says in its labels what it was made of", () => {
    expect(parseLease(labelsOf(LEASE))).toEqual(LEASE);
  });

  it("of a process that nobody can tell apart says so too", () => {
    const lease: Lease = {
      ...LEASE,
      kind: "cleanup",
      holder: { run: RUN, host: "h", pid: 1 },
      stages: [],
    };

    expect(parseLease(labelsOf(lease))).toEqual(lease);
  });

  it("has a digest of its own with every renewal", () => {
    const digests = [0, 1, 2].map((renewal) => leaseRecord("shop", LEASE, renewal).manifest.digest);

    expect(new Set(digests).size).toBe(3);
  });

  it.each([
    ["no kind", { "tidemark.lease.kind": undefined }],
    ["another kind", { "tidemark.lease.kind": "deploy" }],
    ["no end", { "tidemark.lease.until": undefined }],
    ["an end that is no time", { "tidemark.lease.until": "soon" }],
    ["no run", { "tidemark.lease.run": "" }],
    ["no process", { "tidemark.lease.pid": "none" }],
    ["no list of stages", { "tidemark.lease.stages": undefined }],
  ])("with %s is none", (_, change) => {
    const labels = Object.entries({ ...labelsOf(LEASE), ...change });
    const told = labels.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]));

    expect(parseLease(Object.fromEntries(told))).toBeUndefined();
  });
});

describe("the tag of a lease", () => {
  it("names its run, and is no tag that werf would take for its own", () => {
    const tag = leaseTag(RUN, 3);

    expect(tag).toBe(`tidemark-lease-${RUN}-3`);
    expect(isLeaseOf(RUN, tag)).toBe(true);
    expect(isLeaseOf("ffffffffffffffff", tag)).toBe(false);
    expect(tag.length).not.toBe(56);
    expect(tag.length).not.toBe(70);
  });

  it.each(["tidemark-lease-", "tidemark-leases", "lease-1"])("is not %s", (tag) => {
    expect(isLeaseTag(tag)).toBe(false);
    expect(classifyTag(tag)).toEqual({ kind: "foreign" });
  });

  it("is a class of its own, whoever wrote it", () => {
    expect(classifyTag("tidemark-lease-of-a-later-version")).toEqual({ kind: "lease" });
  });
});

function labelsOf(lease: Lease): Readonly<Record<string, string>> {
  const [, config] = leaseRecord("shop", lease, 0).blobs;
  const facts = parseImageConfig(config?.bytes ?? new Uint8Array());
  const { werf, ...labels } = facts.labels;
  expect(werf).toBe("shop");
  return labels;
}
