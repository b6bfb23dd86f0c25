import { readFileSync } from "node:fs";

import { Ajv } from "ajv";
import formats from "ajv-formats";
import { describe, expect, it } from "vitest";

import type { Finding } from "../../../src/engine/audit/audit.ts";
import { AUDIT_RULES } from "../../../src/engine/audit/rules.ts";
import { auditSarif } from "../../../src/report/audit/sarif.ts";
import { auditOf, findingOf, grownAudit, repositoryOf } from "./sample.ts";

const VERSION = { version: "1.2.3" };
const EVIL = `\uD800../"><\u0000\u202E%zz?#&=+,;@:\\ §`;

describe("an audit as SARIF", () => {
  it("is valid by the schema with a finding of every rule", () => {
    const findings = AUDIT_RULES.map(({ id, severity }) => findingOf({ rule: id, severity }));

    expect(complaintsAbout(sarifOf(findings))).toEqual([]);
  });

  it("is valid by the schema without findings, and with hundreds", () => {
    expect(complaintsAbout(auditSarif(auditOf(), VERSION))).toEqual([]);
    expect(complaintsAbout(auditSarif(grownAudit(400), VERSION))).toEqual([]);
  });

  it("is valid by the schema whatever others wrote into names and messages", () => {
    const findings = [findingOf({ subject: EVIL, message: EVIL, advice: EVIL, repository: EVIL })];
    const audit = auditOf({
      repositories: [repositoryOf({ repository: EVIL })],
      findings,
      warnings: [EVIL],
    });

    expect(complaintsAbout(auditSarif(audit, VERSION))).toEqual([]);
  });

  it("is refused by the schema where a level is none", () => {
    const sarif = {
      version: "2.1.0",
      runs: [{ tool: { driver: { name: "x" } }, results: [{ level: "bad" }] }],
    };

    expect(complaintsAbout(sarif)).not.toEqual([]);
  });

  it("names the rule, the level, the tag and what to do", () => {
    const { subject: _, ...ofRepository } = findingOf({
      rule: "overdue-cleanup",
      severity: "warning",
    });
    const digest = `sha256:${"a".repeat(64)}`;
    const findings = [
      findingOf({ severity: "note" }),
      ofRepository,
      findingOf({ rule: "index-without-child", subject: digest }),
    ];

    expect(resultsOf(sarifOf(findings)).map(shortOf)).toEqual([
      ["dangling-tag", "note", "reg.example/acme/shop:gone", "reg.example/acme/shop%3Agone"],
      ["overdue-cleanup", "warning", "reg.example/acme/shop", "reg.example/acme/shop"],
      [
        "index-without-child",
        "error",
        `reg.example/acme/shop@${digest}`,
        `reg.example/acme/shop%40sha256%3A${"a".repeat(64)}`,
      ],
    ]);
    expect(resultsOf(sarifOf(findings))[0]).toMatchObject({
      message: { text: "gone resolves to nothing. Push it again or remove the tag." },
    });
  });

  it("gives each finding a fingerprint that outlives the words of its message, and no other finding has", () => {
    const fingerprints = (findings: readonly Finding[]): unknown[] =>
      resultsOf(sarifOf(findings)).map((result) => at(result, "partialFingerprints"));
    const before = fingerprints([findingOf(), findingOf(), findingOf({ subject: "other" })]);

    const after = fingerprints([findingOf({ message: "other words" })]);

    expect(new Set(before.map((each) => JSON.stringify(each))).size).toBe(3);
    expect(after[0]).toEqual(before[0]);
  });

  it("tells what could not be found out as notifications", () => {
    const sarif = auditSarif(auditOf({ warnings: ["three manifests were unreadable"] }), VERSION);

    expect(at(sarif, "runs", "0", "invocations", "0", "toolExecutionNotifications")).toEqual([
      { level: "warning", message: { text: "three manifests were unreadable" } },
    ]);
  });
});

function sarifOf(findings: readonly Finding[]): object {
  return auditSarif(auditOf({ findings }), VERSION);
}

function shortOf(result: unknown): unknown[] {
  return [
    at(result, "ruleId"),
    at(result, "level"),
    at(result, "locations", "0", "logicalLocations", "0", "fullyQualifiedName"),
    at(result, "locations", "0", "physicalLocation", "artifactLocation", "uri"),
  ];
}

function resultsOf(sarif: object): unknown[] {
  const results = at(sarif, "runs", "0", "results");
  return Array.isArray(results) ? results : [];
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === "object" && here !== null
        ? Object.entries(here).find(([name]) => name === key)?.[1]
        : undefined,
    value,
  );
}

/** What the published schema, which is of draft 4, has against it. */
function complaintsAbout(sarif: object): unknown[] {
  const path = "test/report/audit/fixtures/sarif-2.1.0.schema.json";
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(path, "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  return validate(JSON.parse(JSON.stringify(sarif))) ? [] : (validate.errors ?? []);
}
