import { countAlong } from "../commands/restore/journal.ts";
import type { JournalSummary } from "../commands/restore/journal.ts";
import type { JournaledManifest } from "../journal/entry.ts";
import type { ReadJournal } from "../journal/journal-lines.ts";
import type { Host } from "./host.ts";
import type { ConnectionFlags } from "./shared-options.ts";
import { table } from "./table.ts";

/** Prints a list of journals. */
export function printJournals(
  host: Host,
  flags: ConnectionFlags,
  journals: readonly JournalSummary[],
): void {
  if (flags.output === "json") {
    host.print(`${JSON.stringify({ schema: 1, command: "journal ls", journals })}\n`);
  } else if (journals.length === 0) {
    host.print("no journals\n");
  } else {
    const rows = journals.map(({ startedAt, repository, project, manifests, tags, place }) => {
      return [startedAt, repository, project, String(manifests), String(tags), place];
    });
    const head = ["run began", "repository", "project", "manifests", "tags", "journal"];
    host.print(`${table({ ...host, columns: undefined }, head, rows)}\n`);
  }
  warn(host, journals);
}

/** Prints what journals hold. */
export function printJournalContent(
  host: Host,
  flags: ConnectionFlags,
  journals: readonly ReadJournal[],
): void {
  if (flags.output === "json") {
    const content = journals.map(journalJson);
    host.print(`${JSON.stringify({ schema: 1, command: "journal show", journals: content })}\n`);
  } else host.print(journals.map((journal) => journalText(journal, host)).join("\n"));
  warn(host, journals);
}

/** Without the bytes, which stay where they are. */
function journalJson({ entries, ...journal }: ReadJournal): object {
  return {
    ...journal,
    entries: entries.map(({ digest, mediaType, how, tags, children = [], referrers = [] }) => ({
      digest,
      mediaType,
      how,
      tags,
      children: children.map(pointer),
      referrers: referrers.map(pointer),
    })),
  };
}

function pointer({ digest, mediaType }: JournaledManifest): object {
  return { digest, mediaType };
}

function journalText(
  { place, repository, project, startedAt, entries }: ReadJournal,
  host: Host,
): string {
  const rows = entries.map((entry) => [
    entry.tags.join(" ") || "–",
    entry.how === "manifest" ? "manifest" : "tag alone",
    entry.digest,
    String(countAlong(entry)),
  ]);
  const head = ["tags", "what went", "digest", "along with it"];
  const lines = [
    place,
    `${repository}, project ${project}, run of ${startedAt}`,
    table({ ...host, columns: undefined }, head, rows) || "nothing",
  ];
  return `${lines.join("\n")}\n`;
}

function warn(host: Host, journals: readonly { readonly problems: readonly string[] }[]): void {
  for (const { problems } of journals) {
    for (const problem of problems) host.warn(`warning: ${problem}`);
  }
}
