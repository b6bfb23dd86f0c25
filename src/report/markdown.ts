import { nameOf } from "../commands/cleanup/result.ts";
import { formatRepository } from "../oci/reference.ts";
import { SKIPPED } from "./skipped.ts";
import { freedSentence } from "./freed-sentence.ts";
import { outcomeOf } from "./run.ts";
import type { ReportedRepository, ReportedRun } from "./run.ts";
import { groupKept, summaryRows } from "./summary.ts";
import { visible } from "./visible.ts";

/** Rows of a list that are written out; the rest are counted. */
const MAX_LISTED = 20;

/** The report in Markdown, for pages that show it beside a CI job. */
export function reportMarkdown(run: ReportedRun): string {
  const blocks = [
    `## tidemark ${run.command}: ${outcomeOf(run)}`,
    ...(run.failure === undefined ? [] : [list(run.failure.lines.map(plain))]),
    ...run.repositories.flatMap((repository) => repositoryBlocks(repository, run)),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function repositoryBlocks({ role, result, freed }: ReportedRepository, run: ReportedRun): string[] {
  const { failed, skipped, warnings, violations, brokeOff, journal } = result;
  const name = `### ${plain(formatRepository(result.plan.repository))}`;
  return [
    run.repositories.length > 1 ? `${name} (${plain(role)})` : name,
    ...(brokeOff === undefined ? [] : [`**The run broke off:** ${plain(brokeOff)}`]),
    table(["what", "kept", run.dryRun ? "would go" : "deleted"], summaryRows(result)),
    ...(freed === undefined ? [] : [plain(freedSentence(freed, run.dryRun, result.garbage))]),
    table(["kept by", "tags", "for example"], groupKept(result.kept).slice(0, MAX_LISTED)),
    listed(
      "A real run would be stopped",
      violations.map(({ guard, message }) => `${code(guard)} ${plain(message)}`),
    ),
    listed(
      "Failed",
      failed.map((entry) => `${code(nameOf(entry))} ${entry.code}: ${plain(entry.message)}`),
    ),
    listed(
      "Skipped",
      skipped.map(
        (entry) => `${code(nameOf(entry))} ${plain(entry.message ?? SKIPPED[entry.why])}`,
      ),
    ),
    listed("Warnings", warnings.map(plain)),
    ...(journal === undefined ? [] : [`What was deleted is written down in ${code(journal)}.`]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function listed(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const more = items.length - MAX_LISTED;
  const shown = items.slice(0, MAX_LISTED);
  return `**${title} (${items.length})**\n\n${list(more > 0 ? [...shown, `and ${more} more`] : shown)}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** Text that Markdown takes as it stands, on one line. */
function plain(text: string): string {
  return visible(text.replaceAll(/\s+/g, " ")).replaceAll(
    /[\\`*_{}[\]<>|#~&!@]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

/** No tag, digest or path that is code contains a backtick that would end it. */
function code(text: string): string {
  return `\`${visible(text.replaceAll(/[`\s]+/g, " "))}\``;
}
