import { expect, it } from "vitest";

import { decideJournal } from "../../../src/engine/cleanup/journals.ts";
import { DAY_MS, NOW, planFor, stageOf } from "./repository.ts";

const KEEP = { journalKeepMs: 30 * DAY_MS, now: NOW };

it.each([
  ["younger than that", NOW - 29 * DAY_MS, KEEP, false],
  ["older than that", NOW - 31 * DAY_MS, KEEP, true],
  ["old where journals stay for good", NOW - 900 * DAY_MS, { now: NOW }, false],
  ["whose tag does not tell its time", undefined, KEEP, false],
])("a journal %s", (_, startedAt, input, goes) => {
  const decision = decideJournal(startedAt === undefined ? {} : { startedAt }, input);

  expect(decision).toEqual(
    goes ? { because: "journal-old", after: [] } : { reasons: [{ kind: "service" }] },
  );
});

it("journals are service tags to a cleanup that was not told how long they stay", () => {
  const tag = "tidemark-journal-20200101t000000000z-0badcafe-0001";
  const plan = planFor({ tags: { [stageOf("a")]: "a", [tag]: "b" } });

  expect(plan.deletions.flatMap(({ tags }) => tags.map((one) => one.tag))).toEqual([stageOf("a")]);
});
