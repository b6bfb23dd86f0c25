import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import { archiveOf, fileIn } from "../../src/journal/archive.ts";

const CONTENT = new TextEncoder().encode("a line\n".repeat(100));

it("gives the file back", () => {
  const archive = archiveOf("journal.jsonl", CONTENT);

  expect(fileIn(archive, "journal.jsonl")).toEqual(CONTENT);
  expect(archive.length % 512).toBe(0);
});

it("is read by tar", async () => {
  const root = await mkdtemp(join(tmpdir(), "tidemark-tar-"));
  try {
    const path = join(root, "a.tar");
    await writeFile(path, archiveOf("journal.jsonl", CONTENT));

    const { stdout } = await promisify(execFile)("tar", ["-xOf", path, "journal.jsonl"]);

    expect(stdout).toBe(new TextDecoder().decode(CONTENT));
  } finally {
    await rm(root, { recursive: true });
  }
});

it.each([
  ["of another name", archiveOf("other", CONTENT)],
  ["that was cut", archiveOf("journal.jsonl", CONTENT).subarray(0, 1000)],
  ["that is empty", new Uint8Array()],
])("holds no file %s", (_, archive) => {
  expect(fileIn(archive, "journal.jsonl")).toBeUndefined();
});
