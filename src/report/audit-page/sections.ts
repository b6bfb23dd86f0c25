import type { Audit, AuditedRepository, Comparison, Finding } from "../../engine/audit/audit.ts";
import { SEVERITIES } from "../../engine/audit/audit.ts";
import { counted, formatBytes } from "../format.ts";
import { NOTHING, html } from "../page/markup.ts";
import type { Markup } from "../page/markup.ts";

/** Findings that are written out; the script has the others. */
const MAX_FINDINGS = 50;

/** Tags of a comparison that are written out. */
const MAX_COMPARED = 200;

/** `3 errors, 12 warnings, 4 notes`; `nothing found`. */
export function outcomeOf(findings: readonly Finding[]): string {
  const counts = SEVERITIES.toReversed().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  return counts.length === 0 ? "nothing found" : counts.join(", ");
}

export function figures({ repositories }: Audit): Markup {
  const sum = (valueOf: (repository: AuditedRepository) => number): number =>
    repositories.reduce((total, repository) => total + valueOf(repository), 0);
  const going = sum(({ tags }) => tags.filter(({ verdict }) => verdict === "deleted").length);
  const untagged = sum(({ totals }) => totals.untaggedBytes ?? 0);
  return html`<div class="figures">
    <div class="figure"><b>${sum(({ totals }) => totals.tags)}</b>tags</div>
    <div class="figure"><b>${sum(({ totals }) => totals.manifests)}</b>manifests</div>
    <div class="figure"><b>${formatBytes(sum(({ totals }) => totals.bytes))}</b>stored</div>
    ${untagged === 0 ? NOTHING : html`<div class="figure"><b>${formatBytes(untagged)}</b>under no tag</div>`}
    <div class="figure ${going === 0 ? "" : "deleted"}">
      <b>${going}</b>tags a cleanup would take
    </div>
  </div>`;
}

/** Every repository with its sums, where there are several. */
export function repositorySection({ repositories, findings }: Audit): Markup {
  if (repositories.length < 2) return NOTHING;
  const found = Map.groupBy(findings, ({ repository }) => repository);
  return html`<section class="card">
    <h2>Repositories</h2>
    <table>
      <thead>
        <tr>
          <th>repository</th>
          <th class="wide">project</th>
          <th class="number">tags</th>
          <th class="number">bytes</th>
          <th class="number">findings</th>
        </tr>
      </thead>
      <tbody>
        ${repositories.map(
          ({ repository, project, totals }) =>
            html`<tr>
              <td>
                <a href="#${new URLSearchParams({ repository }).toString()}">${repository}</a>
              </td>
              <td class="wide">${project}</td>
              <td class="number">${totals.tags}</td>
              <td class="number">${formatBytes(totals.bytes)}</td>
              <td class="number">${found.get(repository)?.length ?? 0}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

export function warningSection({ warnings }: Audit): Markup {
  if (warnings.length === 0) return NOTHING;
  return html`<section class="card">
    <h2>What could not be found out</h2>
    <ul class="plain">
      ${warnings.map((warning) => html`<li>${warning}</li>`)}
    </ul>
  </section>`;
}

/** The first findings; the script puts a list of all in their place. */
export function findingSection({ findings }: Audit): Markup {
  const more = findings.length - MAX_FINDINGS;
  return html`<section class="card" id="findings">
    <h2>Findings</h2>
    ${
      findings.length === 0
        ? html`<p>Nothing was found.</p>`
        : html`<div class="tools" id="finding-tools"></div>
            <p class="soft" id="finding-count" role="status"></p>
            <ul class="plain" id="finding-list">
              ${findings.slice(0, MAX_FINDINGS).map(findingMarkup)}
            </ul>
            ${more > 0 ? html`<noscript><p class="soft">and ${more} more, in the other forms of the audit</p></noscript>` : NOTHING}`
    }
  </section>`;
}

function findingMarkup({ rule, severity, repository, subject, message, advice }: Finding): Markup {
  return html`<li>
    <span class="chip ${severity}">${severity}</span> <code>${rule}</code>
    <span class="soft">${subject ?? repository}</span>
    <div>${message}</div>
    <div class="soft">${advice}</div>
  </li>`;
}

export function comparisonSection({ comparison }: Audit): Markup {
  if (comparison === undefined) return NOTHING;
  const { left, right, missing, extra, diverged, same } = comparison;
  return html`<section class="card">
    <h2>Side by side</h2>
    <p>
      <code>${left}</code> and <code>${right}</code>: ${counted(same, "tag")} the same,
      ${missing.length} missing on the right, ${extra.length} only there, ${diverged.length} with
      another digest.
    </p>
    ${comparedList(
      "Missing on the right",
      missing.map((tag) => html`<code>${tag}</code>`),
    )}
    ${comparedList(
      "Only on the right",
      extra.map((tag) => html`<code>${tag}</code>`),
    )}
    ${comparedList("With another digest", divergedItems(comparison))}
  </section>`;
}

function divergedItems({ diverged }: Comparison): readonly Markup[] {
  return diverged.map(
    ({ tag, left, right }) =>
      html`<code>${tag}</code>
        <div class="mono soft">${left}</div>
        <div class="mono soft">${right}</div>`,
  );
}

function comparedList(title: string, items: readonly Markup[]): Markup {
  if (items.length === 0) return NOTHING;
  const more = items.length - MAX_COMPARED;
  return html`<details>
    <summary>${title} (${items.length})</summary>
    <ul class="plain">
      ${items.slice(0, MAX_COMPARED).map((item) => html`<li>${item}</li>`)}
    </ul>
    ${more > 0 ? html`<p class="soft">and ${more} more; the JSON has all</p>` : NOTHING}
  </details>`;
}
