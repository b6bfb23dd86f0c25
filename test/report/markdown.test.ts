import { expect, it } from "vitest";

import { reportMarkdown } from "../../src/report/markdown.ts";
import { doneOf, goingTag, keptTag, planOf, runOf, stageOf } from "./sample.ts";

const STAGE = stageOf("goes");
const PLAN = planOf({
  kept: [keptTag("notes", "foreign", [{ kind: "foreign" }])],
  deletions: [goingTag({ tag: STAGE, class: "stage", because: "unneeded" })],
});

it("tells what stayed and what went in a table", () => {
  expect(reportMarkdown(runOf({ result: doneOf(PLAN) }))).toBe(
    [
      "## tidemark cleanup: done",
      "",
      "### reg.example/acme/shop",
      "",
      "| what | kept | deleted |",
      "| --- | --- | --- |",
      "| stages | 0 | 1 |",
      "| foreign tags | 1 | 0 |",
      "| all tags | 1 | 1 |",
      "",
    ].join("\n"),
  );
});

it("lists failures and warnings, and lets no text be more than text", () => {
  const [settled] = doneOf(PLAN).deleted;
  if (settled === undefined) throw new Error("one goes");
  const result = doneOf(PLAN, {
    deleted: [],
    failed: [{ ...settled, code: "denied", message: "<img src=x> [x](y) | `z`\n# no" }],
    warnings: ["**bold**"],
  });

  const text = reportMarkdown(runOf({ result }, { exitCode: 1 }));

  expect(text).toContain(
    `**Failed (1)**\n\n- \`${STAGE}\` denied: &#60;img src=x&#62; &#91;x&#93;(y) &#124; &#96;z&#96; &#35; no\n`,
  );
  expect(text).toContain("- &#42;&#42;bold&#42;&#42;");
});

it("counts what is too much to list", () => {
  const warnings = Array.from({ length: 30 }, (_, place) => `warning ${place}`);

  const text = reportMarkdown(runOf({ result: doneOf(PLAN, { warnings }) }));

  expect(text).toContain("- warning 19\n- and 10 more\n");
  expect(text).not.toContain("warning 20");
});

it("tells why a run failed", () => {
  const failure = { exitCode: 3, lines: ["the registry is gone"] };

  expect(
    reportMarkdown({ ...runOf({ result: doneOf(PLAN) }), repositories: [], failure, exitCode: 3 }),
  ).toBe("## tidemark cleanup: failed before anything was deleted\n\n- the registry is gone\n");
});
