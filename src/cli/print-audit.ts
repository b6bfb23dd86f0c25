import type {
  Audit,
  AuditedRepository,
  Comparison,
  Finding,
  Share,
} from "../engine/audit/audit.ts";
import { counted, formatBytes, shortName } from "../report/format.ts";
import { CLASS_NAMES } from "../report/sentences.ts";
import { visible } from "../report/visible.ts";
import type { Host } from "./host.ts";
import { table } from "./table.ts";

/** Rows of one table; the rest are counted. */
const MAX_LISTED = 20;

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(CLASS_NAMES));

/** The audit for a terminal: sums by class and image, findings, and what two repositories differ in. */
export function auditText(audit: Audit, host: Pick<Host, "columns" | "colours">): string {
  const { repositories, findings, comparison } = audit;
  const several = repositories.length > 1;
  const blocks = [
    ...repositories.flatMap((repository) => repositoryBlocks(repository, host)),
    findingTable(findings, several, host),
    adviceTable(findings, host),
    ...(comparison === undefined ? [] : comparisonBlocks(comparison, host)),
  ];
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

function repositoryBlocks(
  { repository, project, tags: all, totals, untagged, byClass, byImage }: AuditedRepository,
  host: Pick<Host, "columns" | "colours">,
): readonly string[] {
  const { tags, manifests, bytes, untaggedBytes } = totals;
  const under =
    untagged === undefined || untagged.length === 0
      ? ""
      : `, ${counted(untagged.length, "manifest")} without a tag (${formatBytes(untaggedBytes ?? 0)})`;
  const going = all.filter(({ verdict }) => verdict === "deleted").length;
  return [
    `${visible(repository)}  (project ${visible(project)}): ${counted(tags, "tag")} on ${counted(manifests, "manifest")}, ${formatBytes(bytes)}${under}; a cleanup would take ${counted(going, "tag")}`,
    shareTable("what", byClass.map(inWords), host),
    shareTable("image", byImage, host),
  ];
}

function inWords(share: Share): Share {
  return { ...share, name: NAMES.get(share.name) ?? share.name };
}

function shareTable(
  by: string,
  shares: readonly Share[],
  host: Pick<Host, "columns" | "colours">,
): string {
  const ordered = shares.toSorted(
    (a, b) => b.ownBytes + b.sharedBytes - (a.ownBytes + a.sharedBytes),
  );
  const rows = ordered
    .slice(0, MAX_LISTED)
    .map(({ name, tags, ownBytes, sharedBytes }) => [
      visible(name),
      String(tags),
      formatBytes(ownBytes),
      formatBytes(sharedBytes),
    ]);
  return table(host, [by, "tags", "own", "shared"], rows) + more(ordered.length);
}

function findingTable(
  findings: readonly Finding[],
  several: boolean,
  host: Pick<Host, "columns" | "colours">,
): string {
  if (findings.length === 0) return "nothing found";
  const rows = findings
    .slice(0, MAX_LISTED)
    .map(({ severity, rule, repository, subject, message }) => [
      severity,
      rule,
      ...(several ? [visible(repository)] : []),
      subject === undefined ? "" : shortName(visible(subject)),
      visible(message),
    ]);
  const head = ["severity", "rule", ...(several ? ["repository"] : []), "subject", "what"];
  return table(host, head, rows) + more(findings.length);
}

/** What to do, each advice of a rule once. */
function adviceTable(
  findings: readonly Finding[],
  host: Pick<Host, "columns" | "colours">,
): string {
  const told = new Map(findings.map((finding) => [`${finding.rule} ${finding.advice}`, finding]));
  const rows = [...told.values()].map(({ rule, advice }) => [rule, visible(advice)]);
  return table(host, ["rule", "what to do"], rows);
}

function comparisonBlocks(
  { left, right, missing, extra, diverged, same }: Comparison,
  host: Pick<Host, "columns" | "colours">,
): readonly string[] {
  const rows = [
    ...missing.map((tag) => ["missing on the right", visible(tag)]),
    ...extra.map((tag) => ["only on the right", visible(tag)]),
    ...diverged.map(({ tag }) => ["another digest", visible(tag)]),
  ];
  return [
    `${visible(left)} and ${visible(right)}: ${counted(same, "tag")} the same`,
    table(host, ["difference", "tag"], rows.slice(0, MAX_LISTED)) + more(rows.length),
  ];
}

function more(length: number): string {
  return length > MAX_LISTED ? `\n… and ${length - MAX_LISTED} more; --output json lists all` : "";
}
