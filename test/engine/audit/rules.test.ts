import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import type { RuleId } from "../../../src/engine/audit/audit.ts";
import { orderFindings } from "../../../src/engine/audit/order.ts";
import { AUDIT_RULES } from "../../../src/engine/audit/rules.ts";
import { THRESHOLDS } from "../../../src/engine/audit/thresholds.ts";

it("docs/audit.md has a row for every rule, as the rules say it", () => {
  const page = readFileSync("docs/audit.md", "utf8");
  const rows = page
    .split("\n")
    .filter((line) => /^\| `[a-z-]+` +\| (?:note|warning|error) /.test(line));

  expect(rows.map((row) => row.replaceAll(/ +/g, " "))).toEqual(
    AUDIT_RULES.map(
      ({ id, severity, full, advice }) => `| \`${id}\` | ${severity} | ${full} | ${advice} |`,
    ),
  );
});

it("every rule stands once, the most severe first", () => {
  const ids = AUDIT_RULES.map(({ id }) => id);
  const severities = AUDIT_RULES.map(({ severity }) => severity);

  expect(new Set(ids).size).toBe(ids.length);
  expect(severities.join(" ")).toMatch(/^(?:error ?)*(?:warning ?)*(?:note ?)*$/);
});

it("rules tell the thresholds that hold", () => {
  const textOf = (rule: RuleId): string => AUDIT_RULES.find(({ id }) => id === rule)?.full ?? "";
  const { recordsShare, recordsFrom, cleanupAfterMs, goingShare, goingFrom, tagLengthShare } =
    THRESHOLDS;

  expect(textOf("too-many-records")).toContain(
    `${recordsShare * 100} % (--records-share) of at least ${recordsFrom}`,
  );
  expect(textOf("overdue-cleanup")).toContain(
    `${cleanupAfterMs / 86_400_000} days (--overdue-after)`,
  );
  expect(textOf("overdue-cleanup")).toContain(
    `more than half (--overdue-share) of at least ${goingFrom} images`,
  );
  expect(goingShare).toBe(0.5);
  expect(textOf("tag-near-limit")).toContain(`${tagLengthShare * 100} %`);
});

it("findings stand by severity, rule, repository and subject", () => {
  const finding = (rule: RuleId, severity: "note" | "error", repository: string, subject = "a") =>
    ({ rule, severity, repository, subject, message: "", advice: "" }) as const;
  const ordered = [
    finding("index-without-child", "error", "r"),
    finding("moved-tag", "error", "q"),
    finding("moved-tag", "error", "r", "a"),
    finding("moved-tag", "error", "r", "b"),
    finding("moved-tag", "note", "q"),
  ];

  expect(orderFindings(ordered.toReversed())).toEqual(ordered);
});
