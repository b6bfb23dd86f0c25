import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import type { FakeRequest } from "../../contract-tests/fakes/message.ts";

/** What goes wrong on one side of a migration. */
export interface Trouble {
  readonly name: string;
  /** The side that it can happen on. Absent: both. */
  readonly side?: "from" | "to";
  readonly rules: (expireTokens: () => void) => readonly FaultRule[];
  /** How the run that meets it may end; the next one ends well. */
  readonly exits: readonly number[];
}

export const TROUBLES: readonly Trouble[] = [
  {
    name: "429 in bursts",
    rules: () => [
      {
        when: (_, index) => index % 9 < 3,
        times: 15,
        fault: { kind: "throttled", retryAfter: "0" },
      },
    ],
    exits: [0],
  },
  {
    name: "503 now and then",
    rules: () => [{ when: every(8), times: 4, fault: { kind: "status", status: 503 } }],
    exits: [0],
  },
  {
    name: "connections that break before an answer",
    rules: () => [{ when: every(8), times: 4, fault: { kind: "reset" } }],
    exits: [0],
  },
  {
    name: "blobs that break off half-way",
    side: "from",
    rules: () => [{ when: isBlobRead, times: 4, fault: { kind: "cut-body" } }],
    exits: [0],
  },
  {
    name: "manifests that break off half-way",
    side: "from",
    rules: () => [{ when: isManifestRead, times: 3, fault: { kind: "cut-body" } }],
    exits: [0],
  },
  {
    name: "answers about what was stored that get lost",
    side: "to",
    rules: () => [{ when: isStoring, times: 4, fault: { kind: "reset-after" } }],
    exits: [0],
  },
  {
    name: "a blob with a wrong byte, once",
    side: "from",
    rules: () => [{ when: isBlobRead, times: 1, fault: { kind: "flipped-byte" } }],
    exits: [1],
  },
  {
    name: "blobs with wrong bytes for as long as it runs",
    side: "from",
    rules: () => [
      {
        when: (request) => isBlobRead(request) && /[0-7]$/.test(request.path),
        fault: { kind: "flipped-byte" },
      },
    ],
    exits: [1],
  },
  {
    name: "manifests with wrong bytes",
    side: "from",
    rules: () => [{ when: isManifestRead, times: 2, fault: { kind: "flipped-byte" } }],
    exits: [0],
  },
  {
    name: "tokens that expire",
    rules: (expireTokens) => [{ when: every(30), before: expireTokens }],
    exits: [0],
  },
  {
    name: "slow answers",
    rules: () => [{ before: () => sleep(10) }],
    exits: [0],
  },
  {
    name: "rights that are taken away in the middle",
    rules: () => [
      { when: (_, index) => index >= 45, fault: { kind: "status", status: 403, code: "DENIED" } },
    ],
    exits: [1, 3],
  },
];

/** A request that is sent again by itself: others may have been served. */
function every(nth: number): NonNullable<FaultRule["when"]> {
  return ({ method }, index) => index % nth === nth - 1 && method !== "POST";
}

function isBlobRead({ method, path }: FakeRequest): boolean {
  return method === "GET" && path.includes("/blobs/");
}

function isManifestRead({ method, path }: FakeRequest): boolean {
  return method === "GET" && path.includes("/manifests/");
}

function isStoring({ method }: FakeRequest): boolean {
  return method === "PUT";
}
