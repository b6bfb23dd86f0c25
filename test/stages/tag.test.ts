import { describe, expect, it } from "vitest";

import { classifyTag, imageMetadataTag, managedImageTag } from "../../src/stages/tag.ts";

const DIGEST = "c87999a7c43d9fb8c44df5f80fdf8d3456114acaaf6b1fcbea0edd09";
const STAGE = `${DIGEST}-1600000000000`;
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

describe("classifyTag", () => {
  it.each([
    [STAGE, { kind: "stage", stageId: STAGE, builtAt: 1_600_000_000_000 }],
    [DIGEST, { kind: "index", stageId: DIGEST }],
    [`${STAGE}-rejected`, { kind: "rejected", stageId: STAGE }],
    [
      `meta-0_${COMMIT}_${STAGE}`,
      { kind: "image-metadata", nameHash: "0", commit: COMMIT, stageId: STAGE },
    ],
    [
      `meta-27dba8ed_${COMMIT}_${DIGEST}`,
      { kind: "image-metadata", nameHash: "27dba8ed", commit: COMMIT, stageId: DIGEST },
    ],
    ["managed-image-a__slash__b", { kind: "managed-image", imageName: "a/b" }],
    ["managed-image-__nameless__", { kind: "managed-image", imageName: "" }],
    ["custom-tag-meta-v1-2-3-abc", { kind: "custom-tag-metadata" }],
    [`import-metadata-${"a".repeat(64)}`, { kind: "import-metadata" }],
    ["client-id-6f1e5a1c-0001-1700000000000", { kind: "client-id" }],
    ["sync-server", { kind: "sync-server" }],
    ["cleanup", { kind: "last-cleanup" }],
    ["werf-meta-repo-marker-app", { kind: "meta-repo-marker" }],
    [`sha256-${"b".repeat(64)}.sig`, { kind: "signature", subject: `sha256:${"b".repeat(64)}` }],
    [`sha256-${"b".repeat(64)}`, { kind: "signature", subject: `sha256:${"b".repeat(64)}` }],
  ])("reads %s", (tag, expected) => {
    expect(classifyTag(tag)).toEqual(expected);
  });

  it.each([
    "latest",
    "v1.0.0",
    DIGEST.slice(1),
    `${DIGEST}0`,
    DIGEST.toUpperCase(),
    `${DIGEST.slice(0, 55)}g`,
    `${DIGEST}-123`,
    `${DIGEST}-160000000000x`,
    `${STAGE}-rejected-not`,
    `${DIGEST}-1-rejected`,
    `g${STAGE.slice(1)}`,
    `${DIGEST.slice(0, 40)}-1600000000000`,
    "garbage-rejected",
    "meta-",
    "meta-data",
    `meta-27dba8ed_notacommit_${DIGEST}`,
    `meta-27dba8ed0_${COMMIT}_${DIGEST}`,
    "managed-images",
    "managed-image-",
    "import-metadata-1",
    "cleanup-notes-2024",
    "sync-servers",
    "client-id-",
    `sha256-${"b".repeat(64)}.sigs`,
    `sha-${COMMIT}`,
  ])("leaves %s to others", (tag) => {
    expect(classifyTag(tag)).toEqual({ kind: "foreign" });
  });
});

describe("the record of an image at a commit", () => {
  it("has the hash of the name, the commit and the stage", () => {
    expect(imageMetadataTag("backend", COMMIT, STAGE)).toBe(`meta-27dba8ed_${COMMIT}_${STAGE}`);
  });

  it("is of the nameless image as well", () => {
    expect(imageMetadataTag("", COMMIT, DIGEST)).toBe(`meta-0_${COMMIT}_${DIGEST}`);
  });

  it("has room for the beginning of a SHA-256 commit, and is read back", () => {
    const tag = imageMetadataTag("frontend", "c".repeat(64), STAGE);

    expect(tag).toHaveLength(125);
    expect(classifyTag(tag)).toMatchObject({ kind: "image-metadata", commit: "c".repeat(40) });
  });

  it("has the hash under which readers look for a name that was stored as a slug", () => {
    const name = "a/".repeat(80);
    const known = classifyTag(managedImageTag(name));
    const read = known.kind === "managed-image" ? known.imageName : "";

    expect(imageMetadataTag(name, COMMIT, STAGE)).toBe(imageMetadataTag(read, COMMIT, STAGE));
    expect(read).not.toBe(name);
  });
});
