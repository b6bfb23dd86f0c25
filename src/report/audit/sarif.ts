import { createHash } from "node:crypto";

import type { Audit, Finding, Severity } from "../../engine/audit/audit.ts";
import { AUDIT_RULES } from "../../engine/audit/rules.ts";
import { visible } from "../visible.ts";

/** Source: SARIF 2.1.0 with errata 01, https://docs.oasis-open.org/sarif/sarif/v2.1.0/. */
const SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** How SARIF calls the severities; it is the same words. */
const LEVELS: Readonly<Record<Severity, string>> = {
  note: "note",
  warning: "warning",
  error: "error",
};

/**
 * The findings as SARIF: every rule, and a result for each finding with a fingerprint that stays the same from audit to audit.
 *
 * What a finding is about is a logical location. Viewers that know only files are given the tag's address as if it were one.
 */
export function auditSarif(
  { createdAt, repositories, findings, warnings }: Audit,
  { version }: { readonly version: string },
): object {
  const occurrence = occurrences();
  const places = new Map(AUDIT_RULES.map(({ id }, place) => [id, place]));
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "tidemark",
            semanticVersion: version,
            rules: AUDIT_RULES.map(({ id, severity, short, full, advice }) => ({
              id,
              shortDescription: { text: short },
              fullDescription: { text: full },
              help: { text: advice },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        automationDetails: { id: `audit/${repositories.map((at) => at.repository).join(" ")}/` },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            endTimeUtc: createdAt,
            executionSuccessful: true,
            toolExecutionNotifications: warnings.map((text) => ({
              level: "warning",
              message: { text: visible(text) },
            })),
          },
        ],
        results: findings.map((finding) =>
          resultOf(finding, places.get(finding.rule) ?? -1, occurrence(finding)),
        ),
      },
    ],
  };
}

/** Counts how often a rule has met something before. */
function occurrences(): (finding: Finding) => number {
  const seen = new Map<string, number>();
  return (finding) => {
    const key = keyOf(finding);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before;
  };
}

function resultOf(finding: Finding, ruleIndex: number, occurrence: number): object {
  const { rule, severity, repository, subject, message, advice } = finding;
  const name = subject === undefined ? repository : nameOf(repository, subject);
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${visible(message)} ${visible(advice)}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(name) } },
        logicalLocations: [
          {
            name: subject ?? repository,
            fullyQualifiedName: name,
            kind: subject === undefined ? "repository" : "resource",
          },
        ],
      },
    ],
    partialFingerprints: { "tidemarkFinding/v1": fingerprintOf(finding, occurrence) },
  };
}

function nameOf(repository: string, subject: string): string {
  return `${repository}${subject.includes(":") ? "@" : ":"}${subject}`;
}

/** A relative reference, whatever is in the name. */
function uriOf(name: string): string {
  return name.toWellFormed().split("/").map(encodeURIComponent).join("/");
}

/** By rule and subject: what the message tells of it may change from audit to audit. */
function fingerprintOf(finding: Finding, occurrence: number): string {
  return createHash("sha256")
    .update(`${keyOf(finding)} ${occurrence}`)
    .digest("hex");
}

function keyOf({ rule, repository, subject = "" }: Finding): string {
  return JSON.stringify([rule, repository, subject]);
}
