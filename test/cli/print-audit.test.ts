import { describe, expect, it } from "vitest";

import { auditText } from "../../src/cli/print-audit.ts";
import { auditOf, findingOf, grownAudit, repositoryOf, tagOf } from "../report/audit/sample.ts";
import { digestFor } from "../report/sample.ts";

const PLAIN = { columns: undefined, colours: false };

describe("an audit as text", () => {
  it("says that nothing was found where nothing was", () => {
    expect(auditText(auditOf(), PLAIN)).toContain("\nnothing found\n");
  });

  it("lists the first findings, counts the rest, and tells what to do once a rule", () => {
    const text = auditText(grownAudit(1000), PLAIN);

    expect(text.match(/│ warning +│ unsigned-release │/g)).toHaveLength(10);
    expect(text.match(/│ note +│ unknown-commit +│/g)).toHaveLength(10);
    expect(text).toContain("… and 40 more; --output json lists all");
    expect(text).toMatch(/│ unsigned-release │ Sign it\. +│/);
    expect(text.match(/Fetch the whole history\./g)).toHaveLength(1);
  });

  it("counts manifests without a tag where they are known", () => {
    const repository = repositoryOf();
    const untagged = [{ digest: digestFor("lost"), ownBytes: 2048 }];
    const totals = { ...repository.totals, untaggedBytes: 2048 };
    const audit = auditOf({ repositories: [{ ...repository, untagged, totals }] });

    expect(auditText(audit, PLAIN)).toContain(
      "1 tag on 1 manifest, 1000 bytes, 1 manifest without a tag (2.0 KiB); a cleanup would take 0 tags",
    );
  });

  it("tells in what two repositories differ", () => {
    const comparison = {
      left: "r/a",
      right: "r/b",
      missing: ["m"],
      extra: ["e"],
      diverged: [{ tag: "d", left: digestFor("1"), right: digestFor("2") }],
      same: 3,
    };

    const text = auditText(auditOf({ comparison }), PLAIN);

    expect(text).toContain("r/a and r/b: 3 tags the same");
    expect(text).toMatch(
      /missing on the right │ m .*\n.*only on the right +│ e .*\n.*another digest +│ d /,
    );
  });

  it("fits the terminal, and spells out what would steer it", () => {
    const evil = "\u001B[2J\u202E";
    const findings = [findingOf({ subject: evil, message: `${evil}${"x".repeat(500)}` })];
    const tags = [tagOf({ tag: evil, image: evil })];

    const text = auditText(auditOf({ repositories: [repositoryOf({ tags })], findings }), {
      columns: 100,
      colours: false,
    });

    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(text).toContain("\\u001b[2J\\u202e");
    expect(text).not.toContain("\u001B");
  });
});
