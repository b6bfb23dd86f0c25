import { formatRepository } from "../../oci/reference.ts";
import { entriesOf } from "../entry.ts";
import type { Entry, Status } from "../entry.ts";
import { formatBytes, formatTime } from "../format.ts";
import { freedSentence } from "../freed-sentence.ts";
import { mapHistory } from "../history-map.ts";
import { outcomeOf } from "../run.ts";
import type { ReportedRepository, ReportedRun } from "../run.ts";
import { explorerData } from "./explorer.ts";
import { pageDocument } from "./document.ts";
import { historySection } from "./history.ts";
import { NOTHING, html, scriptJson } from "./markup.ts";
import type { Markup } from "./markup.ts";
import { SCRIPT } from "./script.ts";
import {
  keptSection,
  policySection,
  problemSection,
  ruleSection,
  summarySection,
} from "./sections.ts";
import { STYLE } from "./style.ts";

/**
 * The report as one page that needs nothing else: no request leaves it, and its policy forbids any. What is written in it
 * is summary enough without its script.
 */
export function reportPage(run: ReportedRun): string {
  const { repositories } = run;
  const entries = repositories.map(entriesOf);
  const histories = repositories.map(({ input, subjects }, place) =>
    historySection(
      input === undefined ? undefined : mapHistory(input, entries[place] ?? []),
      place,
      subjects,
    ),
  );
  const data = {
    ...explorerData(repositories, entries, run.dryRun),
    older: histories.map(({ older }) => older.map((row) => row.html)),
  };
  const sections = repositories.map((repository, place) => {
    const { input } = repository;
    const own = entries[place] ?? [];
    return html`${repositories.length > 1 ? html`<h2>${titleOf(repository)}</h2>` : NOTHING}
    ${figures(own, repository, run)} ${problemSection(repository.result)}
    ${summarySection(repository.result, run.dryRun)} ${keptSection(repository.result.kept)}
    ${input === undefined ? NOTHING : html`${policySection(input, own)}${ruleSection(input, own)}`}
    ${histories[place]?.section ?? NOTHING}`;
  });
  const title = `${titleWord(run.command)} of ${repositories.map(({ result }) => formatRepository(result.plan.repository)).join(", ") || "nothing"}`;
  const content = html`<header>
      <h1>${title}</h1>
      <p><span class="outcome ${outcomeClass(run)}">${outcomeOf(run)}</span></p>
      <p class="soft">
        ${formatTime(run.startedAt)} to ${formatTime(run.endedAt)} UTC, tidemark ${run.version},
        exit code ${run.exitCode}
      </p>
    </header>
    ${failureSection(run)} ${sections}
    <section class="card">
      <h2>Every tag</h2>
      <noscript
        ><p>
          The list of every tag is shown by the page's script, which is switched off here. The JSON
          report has it too.
        </p></noscript
      >
      <div id="explorer"></div>
    </section>`;
  return pageDocument({
    title,
    style: STYLE,
    script: SCRIPT,
    content,
    data: { type: "application/json", text: scriptJson(data) },
  });
}

function failureSection({ failure }: ReportedRun): Markup {
  if (failure === undefined) return NOTHING;
  return html`<section class="card bad">
    <h2>The run failed</h2>
    <p>Nothing was deleted.</p>
    <ul class="plain">
      ${failure.lines.map((line) => html`<li>${line}</li>`)}
    </ul>
  </section>`;
}

function figures(
  entries: readonly Entry[],
  { result, freed, unread }: ReportedRepository,
  { dryRun }: ReportedRun,
): Markup {
  const figure = (status: Status, label: string, always = false): Markup => {
    const count = entries.filter((entry) => entry.status === status).length;
    if (count === 0 && !always) return NOTHING;
    return html`<div class="figure ${status}"><b>${count}</b>${label}</div>`;
  };
  return html`<div class="figures">
      ${figure("kept", "kept", true)}${figure("deleted", dryRun ? "would go" : "deleted", true)}${figure("failed", "failed")}${figure("skipped", "skipped")}${figure("remaining", "not tried")}
      ${freed === undefined ? NOTHING : html`<div class="figure"><b>${formatBytes(freed.bytes)}</b>${dryRun ? "would be freed" : "freed"}, after the registry's own garbage collection</div>`}
    </div>
    ${freed === undefined ? NOTHING : html`<p class="soft">${freedSentence(freed, dryRun, result.garbage)}</p>`}
    ${unread === undefined ? NOTHING : html`<p class="soft">${freed === undefined ? "How many bytes that frees is not known" : "Not everything could be counted"}: ${unread}</p>`}`;
}

function outcomeClass(run: ReportedRun): string {
  if (run.exitCode !== 0) return "wrong";
  return run.dryRun ? "dry" : "good";
}

function titleOf({ role, result }: ReportedRepository): string {
  return `${formatRepository(result.plan.repository)} (${role})`;
}

function titleWord(command: string): string {
  return `${command.slice(0, 1).toUpperCase()}${command.slice(1)}`;
}
