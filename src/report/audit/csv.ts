import type { Audit, AuditedManifest, AuditedTag } from "../../engine/audit/audit.ts";
import { visible } from "../visible.ts";
import { findingsBySubject, subjectKey } from "./by-subject.ts";
import { whyLines } from "./why.ts";

/** Source: RFC 4180, section 2. */
const LINE_END = "\r\n";

const HEAD = [
  "repository",
  "tag",
  "class",
  "digest",
  "media_type",
  "pushed_at",
  "built_at",
  "own_bytes",
  "shared_bytes",
  "image",
  "commits",
  "platforms",
  "verdict",
  "why",
  "committed_at",
  "references",
  "findings",
] as const;

type Row = Readonly<Partial<Record<(typeof HEAD)[number], string | number>>>;

/**
 * A row for every tag, then one for every manifest without a tag, repository by repository. Values of several are joined
 * with `; `. What a spreadsheet would take for a formula begins with an apostrophe.
 */
export function auditCsv({ repositories, findings }: Audit): string {
  const found = findingsBySubject(findings);
  const rows = repositories.flatMap(({ repository, tags, untagged = [] }) => {
    const rulesOn = (subject: string): string =>
      (found.get(subjectKey(repository, subject)) ?? []).map(({ rule }) => rule).join("; ");
    return [
      ...tags.map((tag) => ({ repository, ...tagRow(tag), findings: rulesOn(tag.tag) })),
      ...untagged.map((manifest) => ({
        repository,
        ...manifestRow(manifest),
        findings: rulesOn(manifest.digest),
      })),
    ];
  });
  const lines = rows.map((row: Row) => HEAD.map((name) => cell(row[name] ?? "")).join(","));
  return [HEAD.join(","), ...lines, ""].join(LINE_END);
}

function tagRow(tag: AuditedTag): Row {
  return {
    tag: tag.tag,
    class: tag.class,
    digest: tag.digest ?? "",
    media_type: tag.mediaType ?? "",
    pushed_at: tag.pushedAt ?? "",
    built_at: tag.builtAt ?? "",
    own_bytes: tag.ownBytes,
    shared_bytes: tag.sharedBytes,
    image: tag.image ?? "",
    commits: tag.commits.join("; "),
    platforms: (tag.platforms ?? []).join("; "),
    verdict: tag.verdict,
    why: whyLines(tag).join("; "),
    committed_at: tag.place?.committedAt ?? "",
    references: (tag.place?.references ?? []).join("; "),
  };
}

function manifestRow({ digest, mediaType = "", pushedAt = "", ownBytes }: AuditedManifest): Row {
  return {
    class: "untagged",
    digest,
    media_type: mediaType,
    pushed_at: pushedAt,
    own_bytes: ownBytes,
  };
}

/** Characters at which spreadsheets begin a formula, when a cell begins with them. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = visible(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
