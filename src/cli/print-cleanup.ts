import { dirname } from "node:path";

import { nameOf } from "../commands/cleanup/result.ts";
import type { CleanupResult } from "../commands/cleanup/result.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Namespace } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import { formatBytes } from "../report/format.ts";
import { SKIPPED } from "../report/skipped.ts";
import { groupKept, summaryRows } from "../report/summary.ts";
import type { SharedFlags } from "./shared-options.ts";
import { table } from "./table.ts";

export interface CleanupReport {
  readonly command: "cleanup" | "apply" | "purge";
  /** What the repository is to its project, as options spell it; absent where only one is named. */
  readonly role?: string;
  readonly result: CleanupResult;
  readonly requests: RequestCounts;
}

/** Tags of one kind that a table names; the rest are counted. */
const MAX_LISTED = 20;

/** Prints what a cleanup did, or would do. */
export function printCleanup(host: Host, flags: SharedFlags, report: CleanupReport): void {
  if (flags.output === "json") {
    host.print(`${JSON.stringify(cleanupJson(report))}\n`);
  } else {
    host.print(cleanupText(report, host));
  }
  sayMore(host, flags, report);
}

/** A cleanup of several repositories. */
export interface CleanupSetReport {
  readonly command: "cleanup" | "purge";
  readonly namespaces: readonly Namespace[];
  readonly dryRun: boolean;
  readonly results: readonly CleanupResult[];
  /** Of each result; see `CleanupReport`. */
  readonly roles?: readonly string[];
  readonly requests: RequestCounts;
}

/** Prints what a cleanup of several repositories did, or would do: each one's report, and the sums. */
export function printCleanupSet(host: Host, flags: SharedFlags, set: CleanupSetReport): void {
  const reports = set.results.map((result, place): CleanupReport => {
    const role = set.roles?.[place];
    const { command, requests } = set;
    return { command, result, requests, ...(role === undefined ? {} : { role }) };
  });
  if (flags.output === "json") {
    host.print(`${JSON.stringify(cleanupSetJson(set, reports))}\n`);
  } else {
    for (const report of reports) host.print(`${cleanupText(report, host)}\n`);
  }
  for (const report of reports) sayMore(host, flags, report);
}

function sayMore(host: Host, flags: SharedFlags, report: CleanupReport): void {
  for (const line of attentionLines(report)) host.warn(line);
  for (const line of closingLines(report, flags, host)) host.say(line, flags);
}

function cleanupSetJson(
  { command, namespaces, dryRun, requests }: CleanupSetReport,
  reports: readonly CleanupReport[],
): object {
  const repositories = reports.map(repositoryJson);
  const sum = (key: keyof RepositorySums): number =>
    repositories.reduce((total, { summary }) => total + summary[key], 0);
  return {
    schema: 1,
    command,
    dryRun,
    repository: namespaces.map(formatRepository).join(" "),
    summary: {
      repositories: repositories.length,
      tags: sum("tags"),
      kept: sum("kept"),
      deleted: sum("deleted"),
      failed: sum("failed"),
      skipped: sum("skipped"),
      requests: requestsJson(requests),
    },
    repositories,
  };
}

/** The JSON form. Source: the issue that asked for it; the order is stable. */
export function cleanupJson(report: CleanupReport): object {
  const { dryRun, repository, summary, ...rest } = repositoryJson(report);
  return {
    schema: 1,
    command: report.command,
    dryRun,
    repository,
    summary: { ...summary, requests: requestsJson(report.requests) },
    ...rest,
  };
}

function requestsJson({ GET, HEAD, PUT, POST, DELETE }: RequestCounts): object {
  return { GET, HEAD, PUT, POST, DELETE };
}

interface RepositorySums {
  readonly tags: number;
  readonly kept: number;
  readonly deleted: number;
  readonly failed: number;
  readonly skipped: number;
}

interface RepositoryJson {
  readonly dryRun: boolean;
  readonly repository: string;
  readonly summary: RepositorySums;
  /** The lists of tags, and what else there is to tell. */
  readonly [part: string]: unknown;
}

function repositoryJson({ result, role }: CleanupReport): RepositoryJson {
  const { plan, kept, deleted, failed, skipped, remaining, garbage, journal, recordsJournal } =
    result;
  return {
    dryRun: result.dryRun,
    repository: formatRepository(plan.repository),
    ...(role === undefined ? {} : { role }),
    summary: {
      tags: plan.kept.length + plan.deletions.reduce((sum, { tags }) => sum + tags.length, 0),
      kept: kept.length,
      deleted: deleted.length,
      failed: failed.length,
      skipped: skipped.length,
    },
    kept: sorted(
      kept.map(({ tag, digest, class: label, reasons }) => ({
        tag,
        digest,
        class: label,
        reasons,
      })),
    ),
    ...(plan.keptManifests === undefined ? {} : { keptManifests: plan.keptManifests }),
    deleted: sorted(
      deleted.map(({ tag, digest, class: label, how, because }) => ({
        tag,
        digest,
        class: label,
        how,
        because,
      })),
    ),
    failed: sorted(
      failed.map(({ tag, digest, class: label, code, message }) => ({
        tag,
        digest,
        class: label,
        code,
        message,
      })),
    ),
    skipped: sorted(
      skipped.map(({ tag, digest, class: label, why, message }) => ({
        tag,
        digest,
        class: label,
        why,
        message,
      })),
    ),
    warnings: [
      ...result.warnings,
      ...result.violations.map(({ guard, message }) => `${guard}: ${message}`),
    ],
    ...(result.brokeOff === undefined ? {} : { brokeOff: result.brokeOff }),
    ...(remaining === undefined
      ? {}
      : {
          remaining: sorted(
            remaining.map(({ tag, digest, class: label }) => ({ tag, digest, class: label })),
          ),
        }),
    ...(journal === undefined ? {} : { journal }),
    ...(recordsJournal === undefined ? {} : { recordsJournal }),
    ...(garbage === undefined ? {} : { garbage }),
  };
}

function cleanupText({ result, role }: CleanupReport, host: Host): string {
  const { dryRun, plan, failed, skipped, remaining = [] } = result;
  const blocks = [
    `${formatRepository(plan.repository)}${role === undefined ? "" : `  (--${role})`}${dryRun ? "  (dry run: nothing was changed)" : ""}`,
    table(host, ["what", "kept", dryRun ? "would go" : "deleted"], summaryRows(result)),
    table(host, ["kept by", "tags", "for example"], groupKept(result.kept)),
  ];
  if (failed.length > 0) {
    const rows = failed
      .slice(0, MAX_LISTED)
      .map((entry) => [nameOf(entry), entry.code, entry.message]);
    blocks.push(table(host, ["failed", "code", "why"], rows) + more(failed.length));
  }
  if (skipped.length > 0) {
    const rows = skipped
      .slice(0, MAX_LISTED)
      .map((entry) => [nameOf(entry), entry.message ?? SKIPPED[entry.why]]);
    blocks.push(table(host, ["skipped", "why"], rows) + more(skipped.length));
  }
  if (remaining.length > 0) {
    const rows = remaining.slice(0, MAX_LISTED).map((entry) => [nameOf(entry), entry.class]);
    blocks.push(table(host, ["not tried", "what"], rows) + more(remaining.length));
  }
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

function attentionLines({ result: { warnings, violations, brokeOff } }: CleanupReport): string[] {
  return [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...violations.map(
      ({ guard, message }) => `tidemark: guard ${guard} would stop the run: ${message}`,
    ),
    ...(brokeOff === undefined ? [] : [`tidemark: the run broke off: ${brokeOff}; run it again`]),
  ];
}

function closingLines(
  { result: { journal, recordsJournal, garbage } }: CleanupReport,
  flags: SharedFlags,
  { env }: Host,
): string[] {
  const isKept = (env["CI"] ?? "") === "" || flags.journal !== undefined;
  const places = [journal, recordsJournal].filter((place) => place !== undefined);
  const directories = [...new Set(places.map((place) => dirname(place)))];
  return [
    ...(garbage === undefined || garbage.blobs === 0
      ? []
      : [`removed ${garbage.blobs} unused blobs, ${formatBytes(garbage.bytes)}`]),
    ...places.map(
      (place) =>
        `what was deleted is written down in ${place}; \`tidemark restore\` brings it back from there`,
    ),
    ...(isKept
      ? []
      : directories.map(
          (directory) =>
            `this job's files may be gone when it ends: keep ${directory} as an artifact, or name another directory by --journal`,
        )),
  ];
}

function more(length: number): string {
  return length > MAX_LISTED ? `\n… and ${length - MAX_LISTED} more; --output json lists all` : "";
}

/** By tag; what has none comes last, by digest. */
function sorted<
  Entry extends { readonly tag?: string | undefined; readonly digest?: string | undefined },
>(entries: Entry[]): Entry[] {
  const key = ({ tag, digest }: Entry): string => (tag === undefined ? `~${digest ?? ""}` : tag);
  return entries.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
