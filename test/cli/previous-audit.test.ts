import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readPreviousAudit } from "../../src/cli/previous-audit.ts";
import { auditOf, repositoryOf, tagOf } from "../report/audit/sample.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "tidemark-previous-"))));
afterEach(() => rm(folder, { recursive: true }));

describe("an earlier audit", () => {
  it("is read back as far as tags and digests", async () => {
    const { digest: _, ...dangling } = tagOf({ tag: "dangling" });
    const saved = auditOf({
      repositories: [repositoryOf({ tags: [tagOf({ tag: "v1" }), dangling] })],
    });

    const read = await readPreviousAudit(await save(JSON.stringify(saved)));

    expect(read).toMatchObject({
      createdAt: saved.createdAt,
      repositories: [{ repository: "reg.example/acme/shop" }],
    });
    expect(read.repositories[0]?.tags).toEqual([
      { tag: "v1", digest: tagOf({ tag: "v1" }).digest },
      { tag: "dangling" },
    ]);
  });

  it.each([
    ["no json", "is not JSON"],
    ["{}", "is no audit that this version can read at kind"],
    [withRepositories(`[], "schema": 2`), "at schema"],
    [
      withRepositories(`[{"repository":"r","tags":[{"tag":"t","digest":"x"}]}]`),
      "at repositories.0.tags.0.digest",
    ],
  ])("is refused when it is %s", async (text, message) => {
    const file = await save(text);

    await expect(readPreviousAudit(file)).rejects.toThrow(message);
    await expect(readPreviousAudit(file)).rejects.toMatchObject({ name: "UsageError" });
  });
});

async function save(text: string): Promise<string> {
  const file = join(folder, "audit.json");
  await writeFile(file, text);
  return file;
}

function withRepositories(rest: string): string {
  return `{"kind":"audit","schema":1,"createdAt":"2026-01-02T03:04:05.000Z","repositories":${rest}}`;
}
