import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { JournalError } from "../../src/journal/journal-error.ts";
import { openMigrationState } from "../../src/journal/migration-state.ts";
import type { MigrationState } from "../../src/journal/migration-state.ts";

const HEADER = {
  kind: "tidemark-migration",
  schema: 1,
  from: "a.example.com/shop",
  to: "b.example.com/shop",
} as const;

const TO = "b.example.com/shop";
const DIGEST = `sha256:${"ab".repeat(32)}` as const;
const OTHER = `sha256:${"cd".repeat(32)}` as const;

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-state-"));
  path = join(directory, "deeper", "state.jsonl");
});
afterEach(() => rm(directory, { recursive: true }));

const open = (more: Partial<typeof HEADER> = {}): Promise<MigrationState> =>
  openMigrationState(path, { ...HEADER, ...more });

describe("the state of a migration", () => {
  it("tells the next run what arrived, and where", async () => {
    {
      await using state = await open();
      expect(state.isResumed).toBe(false);
      state.add(TO, "blob", DIGEST);
      state.add(TO, "manifest", OTHER);
    }

    await using state = await open();

    expect(state.isResumed).toBe(true);
    expect(state.has(TO, "blob", DIGEST)).toBe(true);
    expect(state.has(TO, "manifest", OTHER)).toBe(true);
    expect(state.has(TO, "manifest", DIGEST)).toBe(false);
    expect(state.has("b.example.com/other", "blob", DIGEST)).toBe(false);
  });

  it("says that a run began even if nothing arrived", async () => {
    await (await open())[Symbol.asyncDispose]();

    await using state = await open();

    expect(state.isResumed).toBe(true);
  });

  it("does not know any more what the target lacks after all", async () => {
    await using state = await open();
    state.add(TO, "blob", DIGEST);

    state.forget(TO, "blob", DIGEST);

    expect(state.has(TO, "blob", DIGEST)).toBe(false);
  });

  it("is gone when there is nothing left to do", async () => {
    await using state = await open();
    state.add(TO, "blob", DIGEST);

    await state.finish();

    await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("takes a line that was cut for one that is not there, and goes on after it", async () => {
    {
      await using state = await open();
      state.add(TO, "blob", DIGEST);
    }
    const text = await readFile(path, "utf8");
    await writeFile(path, text.slice(0, -10));
    {
      await using state = await open();
      expect(state.has(TO, "blob", DIGEST)).toBe(false);
      state.add(TO, "blob", OTHER);
    }

    await using state = await open();

    expect(state.has(TO, "blob", OTHER)).toBe(true);
    expect(state.has(TO, "blob", DIGEST)).toBe(false);
  });

  it.each([0, 1, 30])("begins anew where the first line was cut after %i bytes", async (bytes) => {
    await (await open())[Symbol.asyncDispose]();
    await writeFile(path, JSON.stringify(HEADER).slice(0, bytes));
    {
      await using state = await open();
      expect(state.isResumed).toBe(false);
      state.add(TO, "blob", DIGEST);
    }

    await using state = await open();

    expect(state.has(TO, "blob", DIGEST)).toBe(true);
  });

  it.each([
    { what: "another migration", text: JSON.stringify({ ...HEADER, to: "c.example.com/shop" }) },
    { what: "a later version", text: JSON.stringify({ ...HEADER, schema: 2 }) },
    { what: "something else", text: '{"kind":"tidemark-journal","schema":1}' },
    { what: "no JSON", text: "hello" },
  ])("refuses a file of $what, and leaves it as it is", async ({ text }) => {
    await (await open())[Symbol.asyncDispose]();
    await writeFile(path, `${text}\n`);

    const opening = open();

    await expect(opening).rejects.toThrow(JournalError);
    await expect(opening).rejects.toThrow(/name another file by --state/);
    expect(await readFile(path, "utf8")).toBe(`${text}\n`);
  });

  it("says where it cannot be written", async () => {
    await writeFile(join(directory, "deeper"), "a file");

    await expect(open()).rejects.toThrow(`${path}: ENOTDIR`);
  });

  it("says when an arrival could not be written down", async () => {
    const state = await open();
    await state[Symbol.asyncDispose]();

    state.add(TO, "blob", DIGEST);
    await expect.poll(() => state.trouble()).toMatch(/cannot be written/);
  });
});
