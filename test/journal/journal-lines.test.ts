import { expect, it } from "vitest";

import { imageOf } from "../../contract-tests/fakes/seed.ts";
import { parseJournal } from "../../src/journal/journal-lines.ts";

const HEADER = {
  kind: "tidemark-journal",
  schema: 2,
  repository: "reg.test/shop",
  project: "shop",
  startedAt: "2026-01-31T01:02:03.004Z",
};
const ENTRY = entryOf("one");

it("is read with its header and its entries", () => {
  const { kind: _, schema: __, ...header } = HEADER;

  expect(read(HEADER, ENTRY, entryOf("two"))).toEqual({
    place: "a.jsonl",
    ...header,
    entries: [ENTRY, entryOf("two")],
    problems: [],
  });
});

it("is read as the first version wrote it", () => {
  const { children: _, ...entry } = ENTRY;

  expect(read({ ...HEADER, schema: 1 }, entry)).toMatchObject({ entries: [entry], problems: [] });
});

it("loses nothing but its last line when it was cut", () => {
  const text = lines(HEADER, ENTRY, entryOf("two")).slice(0, -20);

  expect(parseJournal(text, "a.jsonl")).toMatchObject({ entries: [ENTRY], problems: [] });
});

it("holds nothing when it was cut in its header", () => {
  expect(parseJournal('{"kind":"tidem', "a.jsonl")).toBeUndefined();
  expect(parseJournal("", "a.jsonl")).toBeUndefined();
});

it.each([
  ["no JSON", "nonsense"],
  [
    "bytes of another manifest",
    JSON.stringify({ ...ENTRY, manifest: manifestOf("two")["manifest"] }),
  ],
  ["a child whose bytes are others", JSON.stringify({ ...ENTRY, children: [badChild()] })],
  ["a tag that is none", JSON.stringify({ ...ENTRY, tags: ["\u001B[2J"] })],
])("names a line with %s and reads the others", (_, line) => {
  const text = `${lines(HEADER, ENTRY)}${line}\n${lines(entryOf("two"))}`;

  expect(parseJournal(text, "a.jsonl")).toMatchObject({
    entries: [ENTRY, entryOf("two")],
    problems: ["line 3 of a.jsonl is damaged: what it tells of is left out"],
  });
});

it.each([
  ["something else", { kind: "cleanup", schema: 1 }, "a.jsonl is not a journal of tidemark"],
  [
    "a later version",
    { ...HEADER, schema: 3 },
    "journal a.jsonl has schema 3; this version reads schemas 1 and 2",
  ],
  [
    "a header that moves the cursor",
    { ...HEADER, repository: "\u001B[2J" },
    "a.jsonl is not a journal of tidemark",
  ],
])("is refused when it is %s", (_, header, message) => {
  expect(() => read(header)).toThrow(expect.objectContaining({ name: "JournalError", message }));
});

function read(...values: readonly object[]): ReturnType<typeof parseJournal> {
  return parseJournal(lines(...values), "a.jsonl");
}

function lines(...values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

function entryOf(name: string): Readonly<Record<string, unknown>> {
  const child = manifestOf(`child of ${name}`);
  return { ...manifestOf(name), how: "manifest", tags: [name], children: [child] };
}

function manifestOf(name: string): Readonly<Record<string, unknown>> {
  const { digest, mediaType, bytes } = imageOf({ labels: { name } });
  return { digest, mediaType, manifest: Buffer.from(bytes).toString("base64") };
}

function badChild(): object {
  return { ...manifestOf("good"), manifest: manifestOf("other")["manifest"] };
}
