import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { imageOf, indexOf } from "../../../contract-tests/fakes/seed.ts";
import type { Harness } from "../../../contract-tests/suite/harness.ts";
import { VENDORS } from "../../../contract-tests/vendors/index.ts";
import { subjectOf } from "../../../contract-tests/vendors/subject.ts";
import { runRestore } from "../../../src/commands/restore/restore.ts";
import type { RestoreResult } from "../../../src/commands/restore/restore-result.ts";
import { journalEntryOf } from "../../../src/journal/entry.ts";
import type { Going } from "../../../src/journal/entry.ts";
import { createJournal } from "../../../src/journal/journal.ts";
import { formatRepository } from "../../../src/oci/reference.ts";

const subjects = await Promise.all(
  VENDORS.map(async (vendor) => [vendor.id, await subjectOf(vendor)] as const),
);

it.each(subjects)(
  "brings back what was deleted from %s, however that registry does it",
  async (_, subject) => {
    await using harness = await subject.open();
    const { registry, repository } = harness;
    const [amd, arm, plain] = [
      imageOf({ labels: { n: "amd" } }),
      imageOf({ labels: { n: "arm" } }),
      imageOf(),
    ] as const;
    const index = indexOf([amd, arm]);
    await harness.seed(index, { tags: ["multi"] });
    await harness.seed(amd, { tags: ["amd"] });
    await harness.seed(plain, { tags: ["plain"] });
    await harness.seed(imageOf({ labels: { n: "kept" } }), { tags: ["kept"] });
    const wanted = new Map([
      ["multi", index],
      ["amd", amd],
      ["plain", plain],
    ]);

    const how = registry.capabilities.manifestDeletion === "none" ? "tag" : "manifest";

    const result = await undo(harness, [
      { digest: index.digest, how, tags: [{ tag: "multi" }] },
      { digest: amd.digest, how, tags: [{ tag: "amd" }] },
      { digest: plain.digest, how, tags: [{ tag: "plain" }] },
    ]);

    const statuses = new Set(result.items.map(({ status }) => status));
    expect([...statuses].filter((status) => status !== "restored" && status !== "there")).toEqual(
      [],
    );
    for (const [tag, { digest, bytes }] of wanted) {
      const back = await registry.getManifest({ ...repository, tag });
      expect(back.digest).toBe(digest);
      expect(Buffer.from(back.bytes)).toEqual(Buffer.from(bytes));
    }
    expect(await registry.resolve({ ...repository, digest: arm.digest })).toBeDefined();
  },
);

/** Journals and deletes, one after the other, and restores all of it. */
async function undo(harness: Harness, items: readonly Going[]): Promise<RestoreResult> {
  const { registry, repository } = harness;
  const root = await mkdtemp(join(tmpdir(), "tidemark-undelete-"));
  try {
    await using journal = createJournal(root, {
      kind: "tidemark-journal",
      schema: 2,
      repository: formatRepository(repository),
      project: "shop",
      startedAt: "2026-01-01T00:00:00.000Z",
    });
    for (const item of items) {
      const { digest } = item;
      const body = await registry.getManifest({ ...repository, digest });
      const named = items.map((one) => one.digest);
      const isTagged = (one: string): boolean => named.some((known) => known === one);
      await journal.append([await journalEntryOf(item, body, { registry, repository, isTagged })]);
      expect(await remove(harness, item)).toMatchObject({ status: "deleted" });
    }
    return await runRestore(
      { source: { kind: "files", path: root }, tags: [], overwrite: false, dryRun: false },
      {
        openRegistry: async () => ({ ...registry, [Symbol.asyncDispose]: async () => {} }),
        openJournal: async () => journal,
        report: () => {},
        signal: new AbortController().signal,
        now: () => new Date(),
        parallel: 4,
      },
    );
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Deletes a manifest with its tags, or its tag alone where that is all the registry does. */
async function remove(
  { registry, repository }: Harness,
  { digest, tags }: Going,
): Promise<{ readonly status: string } | undefined> {
  const names = tags.map(({ tag }) => tag);
  const outcomes =
    registry.capabilities.manifestDeletion === "none"
      ? registry.deleteTags(repository, names)
      : registry.deleteManifests(repository, [digest], { tags: new Map([[digest, names]]) });
  const [outcome] = await Array.fromAsync<{ readonly status: string }>(outcomes);
  return outcome;
}
