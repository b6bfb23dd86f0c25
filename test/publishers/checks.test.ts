import { describe, expect, it } from "vitest";
import { murmurHash } from "../../src/stages/hash.ts";
import { checkKept, checkNothingUploaded, checkPublished, checkQuiet } from "./checks.ts";
import type { Evidence } from "./checks.ts";
import type { Contents, Stored } from "./contents.ts";
import type { PublisherRun } from "./publisher-run.ts";
import { readStage } from "./reader.ts";

const DIGEST = "a1".repeat(28);
const EARLY = `${DIGEST}-1700000000001`;
const LATE = `${DIGEST}-1700000000002`;
const COMMIT = "c".repeat(40);
const RECORD = `meta-${murmurHash("app")}_${COMMIT}_`;

describe("a reader", () => {
  it("selects the oldest stage that is whole and not rejected", () => {
    const whole = contentsOf({ [LATE]: stored("2"), [EARLY]: stored("1") });
    const rejected = contentsOf({
      ...Object.fromEntries(whole.tags),
      [`${EARLY}-rejected`]: stored("3"),
    });
    const broken = { ...whole, missing: new Set(["sha256:layer-of-1"]) };

    expect([whole, rejected, broken].map((each) => readStage(each, DIGEST))).toEqual([
      EARLY,
      LATE,
      LATE,
    ]);
  });
});

describe("what publishers left", () => {
  it("is in order when each reported the one stage", () => {
    expect(checkPublished(evidence())).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    ["a publisher that failed", { runs: [{ ...run(), exit: 3 }] }, /^publisher 0 ended with 3/],
    [
      "a publisher that vanished",
      { runs: [withoutExit()] },
      /^publisher 0 ended without an answer/,
    ],
    ["a publisher that reported nothing", { runs: [run([])] }, /^publisher 0 reported/],
    ["a stage that is gone", { contents: contentsOf(records(EARLY)) }, /is not there$/],
    [
      "a stage with another digest",
      { contents: contentsOf({ [EARLY]: stored("2"), ...records(EARLY) }) },
      /is sha256:2, and sha256:1 was reported/,
    ],
    [
      "a stage without a layer",
      { contents: { ...contents(), missing: new Set(["sha256:layer-of-1"]) } },
      /lacks sha256:layer-of-1$/,
    ],
    [
      "no record",
      { contents: contentsOf({ [EARLY]: stored("1") }) },
      /^the record managed-image-app/,
    ],
    [
      "a stage that was overwritten",
      { puts: [put(EARLY, "sha256:1"), put(EARLY, "sha256:2")] },
      /was sha256:1 and was overwritten with sha256:2$/,
    ],
    [
      "a second stage under a lock",
      { contents: contentsOf({ ...Object.fromEntries(contents().tags), [LATE]: stored("2") }) },
      /^there are 2 stages/,
    ],
    ["no custom tag", { aliases: true }, /^latest-app is not there$/],
    [
      "a custom tag whose record tells of nothing",
      {
        aliases: true,
        contents: contentsOf({ ...Object.fromEntries(contents().tags), "latest-app": stored("1") }),
      },
      /^the record of latest-app tells of undefined$/,
    ],
    [
      "a lease",
      {
        contents: contentsOf({
          ...Object.fromEntries(contents().tags),
          "tidemark-lease-1-0": stored("9"),
        }),
      },
      /^the lease tidemark-lease-1-0/,
    ],
  ])("is not in order with %s", (_, odd, complaint) => {
    expect(checkPublished({ ...evidence(), ...odd })).toContainEqual(
      expect.stringMatching(complaint),
    );
  });

  it("may hold a second stage and a lease where nobody kept others out and one was killed", () => {
    const more = { [LATE]: stored("2"), "tidemark-lease-1-0": stored("9") };
    const left = contentsOf({ ...Object.fromEntries(contents().tags), ...more });

    expect(
      checkPublished({ ...evidence(), contents: left, isExclusive: false, kills: true }),
    ).toEqual([]);
  });
});

describe("a publisher of what is there", () => {
  it("is told on when it stores a layer or a stage again", () => {
    const requests = [
      { method: "PUT", path: "/v2/x/blobs/uploads/1", status: 201, stored: "sha256:layer-of-1" },
    ];
    const puts = [put(LATE, "sha256:2"), put("managed-image-app", "sha256:3")];

    expect(checkNothingUploaded(contents(), { requests, puts })).toEqual([
      "sha256:layer-of-1 was uploaded again",
      `${LATE} was pushed`,
    ]);
  });

  it("is told on when it changes something or asks more than three times an image", () => {
    const get = { method: "GET", path: "/v2/x/tags/list", status: 200 };

    expect(checkQuiet(run(), [get, get, get, { ...get, path: "/v2/" }])).toEqual([]);
    expect(checkQuiet(run(), [get, { ...get, isNextPage: true }, get, get])).toEqual([]);
    expect(checkQuiet(run(), [get, get, get, get])).toHaveLength(1);
    expect(checkQuiet(run(), [{ ...get, method: "PUT" }])).toHaveLength(1);
  });
});

it("a cleanup is told on when it takes what was reported", () => {
  expect(checkKept([run()], contents())).toEqual([]);
  expect(checkKept([run(), run()], contentsOf({}))).toEqual([`the cleanup took ${EARLY}`]);
});

function evidence(): Evidence {
  return {
    runs: [run(), run()],
    puts: [put(EARLY, "sha256:1"), put(EARLY, "sha256:1"), put("managed-image-app", "sha256:7")],
    contents: contents(),
    commitOf: () => COMMIT,
    isExclusive: true,
    kills: false,
    aliases: false,
  };
}

function run(tags: readonly string[] = [EARLY]): PublisherRun {
  const images = [{ name: "app", source: "app-0" }];
  return {
    publisher: { aheadMs: 0, delayMs: 0, commit: "c3", images },
    exit: 0,
    output: "",
    reported: tags.map((tag) => ({
      name: "app",
      tag,
      digest: "sha256:1",
      stages: [{ tag, digest: "sha256:1" }],
    })),
  };
}

function withoutExit(): PublisherRun {
  const { publisher } = run();
  return { publisher, output: "" };
}

function put(reference: string, digest: string): Evidence["puts"][number] {
  return { repository: "x", reference, digest, at: 0 };
}

function contents(): Contents {
  return contentsOf({ [EARLY]: stored("1"), ...records(EARLY) });
}

function records(tag: string): Record<string, Stored> {
  return { "managed-image-app": stored("7"), [`${RECORD}${tag}`]: stored("8") };
}

function contentsOf(tags: Readonly<Record<string, Stored>>): Contents {
  return { tags: new Map(Object.entries(tags)), missing: new Set() };
}

function stored(id: string): Stored {
  const blobs = [`sha256:config-of-${id}`, `sha256:layer-of-${id}`];
  return { digest: `sha256:${id}`, mediaType: "", blobs, children: [], labels: {} };
}
