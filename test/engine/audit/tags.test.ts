import { describe, expect, it } from "vitest";

import type { AuditedTag } from "../../../src/engine/audit/audit.ts";
import { IMAGE_LABEL } from "../../../src/engine/audit/content.ts";
import { LABEL } from "../../../src/stages/labels.ts";
import {
  DAY_MS,
  NOW,
  commitOf,
  digestOf,
  lineOf,
  recordOf,
  stageOf,
} from "../cleanup/repository.ts";
import { auditOf } from "./ground.ts";
import type { AuditedSpec } from "./ground.ts";

const A = stageOf("a");
const B = stageOf("b", NOW - 40 * DAY_MS);
const SIG = `sha256-${"a".repeat(64)}.sig`;
const SPEC: AuditedSpec = {
  tags: {
    "managed-image-web": "0",
    [A]: "a",
    [B]: "b",
    [recordOf("1", A)]: "1",
    [recordOf("2", A)]: "2",
    latest: "a",
    "custom-tag-meta-latest": "3",
    notes: "n",
    multi: "i",
    lost: null,
    [SIG]: "s",
  },
  stored: {
    a: { labels: { [LABEL.parentStage]: B }, platform: "linux/amd64" },
    "3": { labels: { [LABEL.customTag]: "latest", [LABEL.customTagStage]: A } },
    n: {
      labels: { [IMAGE_LABEL.title]: "notes", [IMAGE_LABEL.revision]: commitOf("2") },
      created: "2026-01-02T03:04:05Z",
    },
    i: { children: ["a", "n"] },
  },
  history: lineOf("1", "2"),
};

describe("a tag of an audit", () => {
  it("is of every image whose records or whose stages lead to it", () => {
    const other = stageOf("c");
    const { repository } = auditOf({
      tags: {
        "managed-image-api": "8",
        "managed-image-web": "9",
        [A]: "a",
        [B]: "b",
        [other]: "c",
        [recordOf("1", A, "web")]: "1",
        [recordOf("1", A, "api")]: "2",
        [recordOf("1", other, "web")]: "3",
      },
      stored: {
        a: { labels: { [LABEL.parentStage]: B } },
        c: { labels: { [LABEL.parentStage]: B } },
      },
      history: lineOf("1"),
    });
    const images = new Map(repository.tags.map(({ tag, image }) => [tag, image]));

    expect([A, B, other].map((tag) => images.get(tag))).toEqual(["api, web", "api, web", "web"]);
  });

  it("has what its name, its records, its config and its place in the history tell", () => {
    expect(tagOf(A)).toEqual({
      tag: A,
      class: "stage",
      digest: digestOf("a"),
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      builtAt: "2026-01-01T00:00:00.000Z",
      ownBytes: 0,
      sharedBytes: 101,
      image: "web",
      commits: [commitOf("1"), commitOf("2")],
      platforms: ["linux/amd64"],
      verdict: "kept",
      reasons: [
        expect.objectContaining({ kind: "git-policy", reference: "branch main" }),
        { kind: "index-child", of: "multi" },
      ],
      place: {
        commit: commitOf("1"),
        committedAt: "2026-01-30T00:00:00.000Z",
        references: ["branch main"],
        more: 0,
        behind: 0,
      },
    });
  });

  it.each<[string, Partial<AuditedTag>]>([
    [B, { class: "stage", image: "web", commits: [], reasons: [{ kind: "ancestor", of: A }] }],
    ["latest", { class: "custom-tag", image: "web", commits: [commitOf("1"), commitOf("2")] }],
    ["custom-tag-meta-latest", { class: "custom-tag-metadata", image: "web" }],
    [recordOf("2", A), { class: "image-metadata", image: "web", commits: [commitOf("2")] }],
    ["managed-image-web", { class: "managed-image", image: "web", commits: [] }],
    [SIG, { class: "signature", image: "web" }],
    [
      "notes",
      {
        class: "foreign",
        image: "notes",
        commits: [commitOf("2")],
        builtAt: "2026-01-02T03:04:05.000Z",
      },
    ],
    [
      "multi",
      {
        class: "foreign",
        platforms: ["linux/amd64", "linux/arm64"],
        builtAt: "2026-01-02T03:04:05.000Z",
      },
    ],
    ["lost", { class: "foreign", ownBytes: 0, sharedBytes: 0, commits: [], verdict: "kept" }],
  ])("%s is what it is", (tag, told) => {
    expect(tagOf(tag)).toMatchObject(told);
  });

  it("that would go says why, in the word of the plan", () => {
    const spec = { ...SPEC, tags: { ...SPEC.tags, [stageOf("c")]: "c" } };

    expect(tagOf(stageOf("c"), spec)).toMatchObject({
      verdict: "deleted",
      because: "unneeded",
      reasons: [],
    });
  });

  it("stands in the order of tags", () => {
    const tags = auditOf(SPEC).repository.tags.map(({ tag }) => tag);

    expect(tags).toEqual(Object.keys(SPEC.tags).toSorted());
  });
});

describe("growth", () => {
  it("counts tags and bytes on the day on which they came, records with their stage, what nobody knows at once", () => {
    const { growth } = auditOf(SPEC).repository;

    expect(growth.map(({ day, tags }) => [day, tags])).toEqual([
      ["2025-12-22", 3],
      ["2026-01-01", 9],
      ["2026-01-02", 11],
    ]);
    expect(growth.at(-1)?.bytes).toBe(auditOf(SPEC).repository.totals.bytes);
  });

  it("is empty where nothing tells an age", () => {
    expect(auditOf({ tags: { notes: "n" } }).repository.growth).toEqual([]);
  });
});

function tagOf(name: string, spec = SPEC): AuditedTag | undefined {
  return auditOf(spec).repository.tags.find(({ tag }) => tag === name);
}
