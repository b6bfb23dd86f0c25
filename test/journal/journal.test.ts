import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createJournal } from "../../src/journal/journal.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { JournalHeader } from "../../src/journal/journal.ts";

const HEADER: JournalHeader = {
  kind: "tidemark-journal",
  schema: 2,
  repository: "reg.test/shop",
  project: "shop",
  startedAt: "2026-01-31T01:02:03.004Z",
};

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tidemark-journal-"));
});

afterAll(() => rm(root, { recursive: true }));

it("holds every entry as soon as its append has resolved", async () => {
  await using journal = createJournal(join(root, "a/b"), HEADER);

  await journal.append([entry("1")]);
  const first = await lines(journal.place);
  await journal.append([entry("2"), entry("3")]);

  expect(first).toEqual([HEADER, entry("1")]);
  expect(await lines(journal.place)).toEqual([HEADER, entry("1"), entry("2"), entry("3")]);
  expect((await stat(journal.place)).mode & 0o777).toBe(0o600);
});

it("leaves no file when nothing was deleted", async () => {
  const directory = join(root, "unused");

  await createJournal(directory, HEADER)[Symbol.asyncDispose]();

  expect(await readdir(root)).not.toContain("unused");
});

it("never writes into the file of another run, or of another repository of this one", async () => {
  const directory = join(root, "twice");
  await using first = createJournal(directory, HEADER);
  await using second = createJournal(directory, HEADER);

  await first.append([entry("1")]);
  await second.append([entry("2")]);

  expect(second.place).not.toBe(first.place);
  expect(await lines(first.place)).toEqual([HEADER, entry("1")]);
  expect(await lines(second.place)).toEqual([HEADER, entry("2")]);
});

it("says in one line where it cannot write", async () => {
  const file = join(root, "file");
  await writeFile(file, "");
  await using journal = createJournal(join(file, "below"), HEADER);

  await expect(journal.append([entry("1")])).rejects.toMatchObject({
    name: "JournalError",
    message: `the journal cannot be written in ${join(file, "below")}: ENOTDIR; name another directory by --journal`,
  });
});

async function lines(path: string): Promise<unknown[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
}

function entry(letter: string): JournalEntry {
  return {
    digest: `sha256:${letter.repeat(64)}`,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    how: "manifest",
    tags: [`tag-${letter}`],
    manifest: "e30=",
  };
}
