import { describe, expect, it } from "vitest";
import { migrationJson } from "../../src/cli/migration-json.ts";
import { describeLeft, migrationExitCode } from "../../src/cli/migration-outcome.ts";
import { printMigration } from "../../src/cli/print-migration.ts";
import { NOTHING_REMOVED } from "../../src/commands/migrate/removal-result.ts";
import type {
  MigrationResult,
  RepositoryResult,
  TagOutcome,
  TagResult,
  Verification,
} from "../../src/commands/migrate/result.ts";
import type { LeftTag } from "../../src/engine/migrate/plan.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Host } from "../../src/cli/host.ts";

const DIGEST: Digest = `sha256:${"a".repeat(64)}`;
const OTHER: Digest = `sha256:${"b".repeat(64)}`;
const FROM = { host: "old.test", name: "shop" };
const TO = { host: "new.test", name: "shop" };
const REFUSED = { status: "refused", code: "conflict", message: "tags are immutable" } as const;
const FAILED = { status: "failed", code: "unavailable", message: "no answer" } as const;
const NO_REQUESTS = { GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 };

describe("a migration ends with", () => {
  const quiet = { signal: new AbortController().signal };

  it.each<[number, string, Partial<RepositoryResult>]>([
    [0, "tags that are there", { tags: [tag("v1", { status: "present" })] }],
    [0, "a tag that a rule of the target refuses", { tags: [tag("v1", REFUSED)] }],
    [
      0,
      "what waits for such a tag",
      { tags: [tag("v1", REFUSED), tag("v2", { status: "waiting" })] },
    ],
    [0, "tags that are left", { left: [left({ kind: "broken", missing: OTHER, how: "absent" })] }],
    [
      1,
      "a tag that waits for nothing that was refused",
      { tags: [tag("v2", { status: "waiting" })] },
    ],
    [1, "a tag that failed", { tags: [tag("v1", FAILED)] }],
    [1, "a tag that is not proved", { verification: proof(["v1"]) }],
    [
      0,
      "proof that lacks what was refused",
      { tags: [tag("v1", REFUSED)], verification: proof(["v1"]) },
    ],
    [
      0,
      "tags that stay in the source",
      { removal: { ...NOTHING_REMOVED, kept: [{ tag: "v1", why: "used" }] } },
    ],
    [
      1,
      "a deletion that failed",
      { removal: { ...NOTHING_REMOVED, failed: [{ tag: "v1", message: "no" }] } },
    ],
    [
      4,
      "a guard of the deletion",
      {
        removal: {
          ...NOTHING_REMOVED,
          refused: { guard: "other-project", message: "no" },
        },
      },
    ],
    [
      1,
      "a source that lets nobody delete",
      { removal: { ...NOTHING_REMOVED, refused: { message: "denied" } } },
    ],
  ])("%i for %s", (code, _, parts) => {
    const repositories = [repository(parts)];

    expect(migrationExitCode({ repositories, dryRun: false }, quiet)).toBe(code);
  });

  it("1 when it broke off, and 130 when a person stopped it", () => {
    const stopped = new AbortController();
    stopped.abort();

    const ended = { repositories: [], dryRun: false, brokeOff: "no answer" };
    expect(migrationExitCode(ended, quiet)).toBe(1);
    expect(migrationExitCode(ended, { signal: stopped.signal })).toBe(130);
  });
});

it.each<[LeftTag["why"], string]>([
  [
    { kind: "taken", by: OTHER },
    `the target has ${OTHER} under this name; --overwrite replaces it`,
  ],
  [
    { kind: "broken", missing: OTHER, how: "unreadable" },
    `${OTHER}, which it leads to, cannot be understood`,
  ],
  [
    { kind: "unnameable", rule: "at most two parts" },
    "the target cannot have this name: at most two parts",
  ],
  [{ kind: "not-kept" }, "a cleanup of the source would take it"],
])("a tag that is left tells why: %j", (why, words) => {
  expect(describeLeft(left(why))).toBe(words);
});

it("the JSON form has everything in a stable order", () => {
  const result = resultOf([
    repository({
      tags: [tag("v1", { status: "copied" }), tag("v2", REFUSED)],
      left: [left({ kind: "foreign" })],
      verification: proof(["v2"]),
      removal: { deleted: ["v1"], kept: [], failed: [], journals: ["/journal"], warnings: [] },
    }),
  ]);

  const json = migrationJson({ command: "migrate", result, requests: NO_REQUESTS });

  expect(JSON.stringify(json, undefined, 2)).toMatchInlineSnapshot(`
    "{
      "schema": 1,
      "command": "migrate",
      "dryRun": false,
      "createdAt": "2026-01-10T00:00:00.000Z",
      "summary": {
        "repositories": 1,
        "tags": {
          "would-copy": 0,
          "would-replace": 0,
          "copied": 1,
          "present": 0,
          "refused": 1,
          "failed": 0,
          "waiting": 0,
          "left": 1
        },
        "requests": {
          "GET": 0,
          "HEAD": 0,
          "PUT": 0,
          "POST": 0,
          "PATCH": 0,
          "DELETE": 0
        }
      },
      "counts": {
        "blobsSent": 2,
        "bytesSent": 4096,
        "blobsMounted": 1,
        "blobsPresent": 0,
        "manifestsSent": 1,
        "copiedByServer": 0
      },
      "repositories": [
        {
          "from": "old.test/shop",
          "to": "new.test/shop",
          "tags": [
            {
              "tag": "v1",
              "as": "v1",
              "class": "stage",
              "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "status": "copied"
            },
            {
              "tag": "v2",
              "as": "v2",
              "class": "stage",
              "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "status": "refused",
              "code": "conflict",
              "message": "tags are immutable"
            }
          ],
          "left": [
            {
              "tag": "notes",
              "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "class": "foreign",
              "why": {
                "kind": "foreign"
              }
            }
          ],
          "verification": {
            "tags": 2,
            "manifests": 2,
            "blobs": 3,
            "proved": 1,
            "problems": [
              {
                "tag": "v2",
                "kind": "missing-tag",
                "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              }
            ]
          },
          "removal": {
            "deleted": [
              "v1"
            ],
            "kept": [],
            "failed": [],
            "journals": [
              "/journal"
            ]
          }
        }
      ],
      "warnings": []
    }"
  `);
});

it("a person sees what was refused, what failed, what is not proved and what stays", () => {
  const { host, printed, warned } = hostOf();
  const result = resultOf(
    [
      repository({
        tags: [
          tag("v1", { status: "copied" }),
          tag("v2", REFUSED),
          tag("v3", FAILED),
          tag("v4", { status: "waiting" }),
        ],
        left: [left({ kind: "taken", by: OTHER })],
        verification: proof(["v1"]),
        removal: { ...NOTHING_REMOVED, kept: [{ tag: "v1", why: "Deployment/web uses it" }] },
      }),
    ],
    { warnings: ["told before", "told now"], brokeOff: "new.test does not answer" },
  );

  printMigration(host, FLAGS, {
    command: "migrate",
    result,
    told: new Set(["told before"]),
    requests: NO_REQUESTS,
  });

  expect(printed()).toMatchInlineSnapshot(`
    "┌────────┬─────────┬────────┬─────────┬──────┬───────────────┬───────────────┐
    │ copied │ refused │ failed │ waiting │ left │ from          │ to            │
    ├────────┼─────────┼────────┼─────────┼──────┼───────────────┼───────────────┤
    │ 1      │ 1       │ 1      │ 1       │ 1    │ old.test/shop │ new.test/shop │
    └────────┴─────────┴────────┴─────────┴──────┴───────────────┴───────────────┘
    ┌────────┬─────────┬────────┬─────────┬──────┬─────────┐
    │ copied │ refused │ failed │ waiting │ left │ tags    │
    ├────────┼─────────┼────────┼─────────┼──────┼─────────┤
    │ 0      │ 0       │ 0      │ 0       │ 1    │ foreign │
    │ 1      │ 1       │ 1      │ 1       │ 0    │ stage   │
    └────────┴─────────┴────────┴─────────┴──────┴─────────┘
    ┌─────────┬──────────────────┬────────────────────┐
    │ what    │ tag              │ why                │
    ├─────────┼──────────────────┼────────────────────┤
    │ refused │ new.test/shop:v2 │ tags are immutable │
    │ failed  │ new.test/shop:v3 │ no answer          │
    └─────────┴──────────────────┴────────────────────┘
    ┌───────┬─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┐
    │ left  │ why                                                                                                                             │
    ├───────┼─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┤
    │ notes │ the target has sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb under this name; --overwrite replaces it │
    └───────┴─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────────────┬──────────────────────┬─────────────────────────────────────────────────────────────────────────┐
    │ not proved       │ why                  │ digest                                                                  │
    ├──────────────────┼──────────────────────┼─────────────────────────────────────────────────────────────────────────┤
    │ new.test/shop:v1 │ the tag is not there │ sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa │
    └──────────────────┴──────────────────────┴─────────────────────────────────────────────────────────────────────────┘
    ┌─────────────────────┬────────────────────────┐
    │ stays in the source │ why                    │
    ├─────────────────────┼────────────────────────┤
    │ old.test/shop:v1    │ Deployment/web uses it │
    └─────────────────────┴────────────────────────┘
    new.test/shop: 2 tags, 2 manifests and 3 blobs were looked at, 1 problem
    old.test/shop: 0 tags removed, 1 stay
    2 blobs sent (4.0 KiB), 1 mounted, 0 there already, 1 manifest sent
    "
  `);
  expect(warned()).toEqual([
    "warning: told now",
    "tidemark: the run broke off: new.test does not answer; run it again, what has arrived is not sent again",
  ]);
});

const FLAGS = {
  insecureRegistry: false,
  skipTlsVerifyRegistry: false,
  parallelTasksLimit: 1,
  output: "table",
  quiet: false,
  verbose: false,
} as const;

function resultOf(
  repositories: readonly RepositoryResult[],
  more: Partial<MigrationResult> = {},
): MigrationResult {
  const createdAt = "2026-01-10T00:00:00.000Z";
  const counts = {
    blobsSent: 2,
    bytesSent: 4096,
    blobsMounted: 1,
    blobsPresent: 0,
    manifestsSent: 1,
    copiedByServer: 0,
  };
  return {
    plan: { kind: "migration", schema: 1, createdAt, repositories: [], warnings: [] },
    dryRun: false,
    repositories,
    counts,
    warnings: [],
    ...more,
  };
}

function repository(parts: Partial<RepositoryResult>): RepositoryResult {
  return { from: FROM, to: TO, tags: [tag("v1", { status: "copied" })], left: [], ...parts };
}

function tag(name: string, outcome: TagOutcome): TagResult {
  const there = outcome.status === "present" ? "present" : "missing";
  return { tag: name, as: name, class: "stage", digest: DIGEST, there, outcome };
}

function left(why: LeftTag["why"]): LeftTag {
  return { tag: "notes", digest: DIGEST, class: "foreign", why };
}

function proof(missing: readonly string[]): Verification {
  return {
    tags: 2,
    manifests: 2,
    blobs: 3,
    proved: new Set(["v0"]),
    problems: missing.map((name) => ({ tag: name, kind: "missing-tag", digest: DIGEST })),
  };
}

/** As much of a host as printing needs. */
function hostOf(): { host: Host; printed: () => string; warned: () => readonly string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const host: Host = {
    version: "0",
    env: {},
    signal: new AbortController().signal,
    run: () => Promise.reject(new Error("nothing is run")),
    print: (text) => void out.push(text),
    say: () => undefined,
    warn: (line) => void err.push(line),
    readInput: () => Promise.resolve(""),
    colours: false,
    columns: undefined,
    exit: () => undefined,
    close: () => undefined,
  };
  return { host, printed: () => out.join(""), warned: () => err };
}
