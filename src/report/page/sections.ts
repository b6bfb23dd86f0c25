import type { CleanupResult } from "../../commands/cleanup/result.ts";
import { nameOf } from "../../commands/cleanup/result.ts";
import type { CleanupInput } from "../../engine/cleanup/inventory.ts";
import type { Kept } from "../../engine/cleanup/plan.ts";
import { SKIPPED } from "../skipped.ts";
import type { Entry } from "../entry.ts";
import { counted } from "../format.ts";
import { policiesOf } from "../policies.ts";
import type { MatchedPolicy } from "../policies.ts";
import { groupKept, summaryRows } from "../summary.ts";
import { NOTHING, html } from "./markup.ts";
import type { Markup } from "./markup.ts";

/** Rows of a list that the page writes out; the rest are counted. */
const MAX_LISTED = 50;

/** References of one policy that the page writes out. */
const MAX_REFERENCES = 200;

/** What failed, what a guard objects to, and what needs attention. */
export function problemSection(result: CleanupResult): Markup {
  const { failed, skipped, warnings, violations, brokeOff } = result;
  const isBad = failed.length > 0 || brokeOff !== undefined || violations.length > 0;
  if (!isBad && skipped.length === 0 && warnings.length === 0) return NOTHING;
  return html`<section class="card${isBad ? " bad" : ""}">
    <h2>${isBad ? "Failures" : "To look at"}</h2>
    ${brokeOff === undefined ? NOTHING : html`<p><strong>The run broke off:</strong> ${brokeOff}</p>`}
    ${list(
      "A real run would be stopped",
      violations.map(({ guard, message }) => html`<code>${guard}</code> ${message}`),
    )}
    ${list(
      "Not deleted, since it failed",
      failed.map(
        (entry) =>
          html`<code>${nameOf(entry)}</code>
            <span class="chip failed">${entry.code}</span> ${entry.message}`,
      ),
    )}
    ${list(
      "Skipped",
      skipped.map(
        (entry) => html`<code>${nameOf(entry)}</code> ${entry.message ?? SKIPPED[entry.why]}`,
      ),
    )}
    ${list(
      "Warnings",
      warnings.map((warning) => html`${warning}`),
    )}
  </section>`;
}

export function summarySection(result: CleanupResult, dryRun: boolean): Markup {
  return html`<section class="card">
    <h2>What stays and what goes</h2>
    <table>
      <thead>
        <tr>
          <th>what</th>
          <th class="number">kept</th>
          <th class="number">${dryRun ? "would go" : "deleted"}</th>
        </tr>
      </thead>
      <tbody>
        ${summaryRows(result).map(
          ([name = "", kept = "", gone = ""]) =>
            html`<tr>
              <td>${name}</td>
              <td class="number">${kept}</td>
              <td class="number">${gone}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

/** What keeps images, by the first reason of each. */
export function keptSection(kept: readonly Kept[]): Markup {
  const groups = groupKept(kept);
  if (groups.length === 0) return NOTHING;
  const more = groups.length - MAX_LISTED;
  return html`<section class="card">
    <h2>What keeps images</h2>
    <table>
      <thead>
        <tr>
          <th>kept by</th>
          <th class="number">tags</th>
          <th class="wide">for example</th>
        </tr>
      </thead>
      <tbody>
        ${groups.slice(0, MAX_LISTED).map(
          ([name = "", count = "", example = ""]) =>
            html`<tr>
              <td>${name}</td>
              <td class="number">${count}</td>
              <td class="wide soft">${example}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 ? html`<p class="soft">and ${more} more</p>` : NOTHING}
  </section>`;
}

/** The keep policies with the references that each matched and the images that each keeps. */
export function policySection(input: CleanupInput, entries: readonly Entry[]): Markup {
  const policies = policiesOf(input);
  if (policies.length === 0) return NOTHING;
  return html`<section class="card">
    <h2>Keep policies</h2>
    <p class="soft">Where several match a reference, the last one decides about its images.</p>
    <ul class="plain">
      ${policies.map((policy) => policyItem(policy, imagesBy(policy, entries)))}
    </ul>
  </section>`;
}

/** The rules that claim tags of others, with what became of them. */
export function ruleSection(
  { rules = [] }: Pick<CleanupInput, "rules">,
  entries: readonly Entry[],
): Markup {
  if (rules.length === 0) return NOTHING;
  const claimed = Map.groupBy(entries, ({ rule }) => rule);
  const rows = rules.map(({ name, tags }) => {
    const own = claimed.get(name) ?? [];
    const kept = own.filter(({ status }) => status === "kept").length;
    return html`<tr>
      <td>${name} <code>${tags.pattern}</code></td>
      <td class="number">${own.length}</td>
      <td class="number">${kept}</td>
    </tr>`;
  });
  return html`<section class="card">
    <h2>Rules</h2>
    <table>
      <thead>
        <tr>
          <th>rule</th>
          <th class="number">claims</th>
          <th class="number">kept</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function policyItem(policy: MatchedPolicy, images: number): Markup {
  const {
    policy: number,
    kind,
    pattern,
    limit,
    images: limitOfImages,
    references,
    overruled,
  } = policy;
  const shown = references.slice(0, MAX_REFERENCES);
  const more = references.length - shown.length;
  const chips = html`${shown.map((name) => html`<span class="chip ${kind}">${name}</span>`)}${
    more > 0 ? html`<span class="soft">and ${more} more</span>` : NOTHING
  }`;
  return html`<li>
    <strong>${number}.</strong> ${kind} <code>${pattern}</code>${
      limit === "" ? NOTHING : html`, ${limit}`
    };
    of each reference
    ${limitOfImages === "" ? "every image" : `${limitOfImages} of every image name`}
    <div class="soft">
      ${
        references.length === 0
          ? "matched no reference"
          : `matched ${counted(references.length, "reference")}${overruled === 0 ? "" : `, of which a later policy decides ${overruled}`}; keeps ${counted(images, "image")}`
      }
    </div>
    ${
      references.length === 0
        ? NOTHING
        : references.length <= 12
          ? html`<div>${chips}</div>`
          : html`<details>
              <summary class="soft">show them</summary>
              ${chips}
            </details>`
    }
  </li>`;
}

/** How many tags the policy keeps for itself, not for what needs them. */
function imagesBy({ policy }: MatchedPolicy, entries: readonly Entry[]): number {
  return entries.filter(({ reasons }) =>
    reasons.some((reason) => reason.kind === "git-policy" && reason.policy + 1 === policy),
  ).length;
}

function list(title: string, items: readonly Markup[]): Markup {
  if (items.length === 0) return NOTHING;
  const more = items.length - MAX_LISTED;
  return html`<h3>${title} (${items.length})</h3>
    <ul class="plain">
      ${items.slice(0, MAX_LISTED).map((item) => html`<li>${item}</li>`)}
    </ul>
    ${more > 0 ? html`<p class="soft">and ${more} more, in the list of every tag</p>` : NOTHING}`;
}
