import { expect, it } from "vitest";

import { whyReserved } from "../../src/stages/reserved-tag.ts";

it.each([
  "cleanup",
  "cleanup-2026",
  "sync-server",
  "sync-server-2",
  "client-id-1",
  "managed-image-shop",
  "meta-1",
  "image-metadata-by-commit-x",
  "import-metadata-x",
  "custom-tag-meta-x",
  "werf-meta-repo-marker-x",
  "tidemark-journal-x",
  "tidemark-lease-x",
  `sha256-${"a".repeat(64)}`,
  `sha256-${"a".repeat(64)}.sig`,
  "a".repeat(56),
  "v".repeat(56),
  `${"a".repeat(56)}-1767225600123`,
  `${"a".repeat(56)}-1767225600123-rejected`,
  `${"v".repeat(60)}-${"w".repeat(9)}`,
])("%s would be taken for something else", (tag) => {
  expect(whyReserved(tag)).toBeDefined();
});

it.each(["latest", "v1.2.3", "main-cleanup", "v".repeat(55), `a-b-${"c".repeat(66)}`])(
  "%s is free",
  (tag) => {
    expect(whyReserved(tag)).toBeUndefined();
  },
);
