import { promisify } from "node:util";
import { gzip } from "node:zlib";

import type { Audit, AuditedRepository } from "../../engine/audit/audit.ts";
import { counted, formatTime } from "../format.ts";
import { pageDocument } from "../page/document.ts";
import { html, trusted } from "../page/markup.ts";
import type { Markup } from "../page/markup.ts";
import { STYLE } from "../page/style.ts";
import { pageData } from "./data.ts";
import { growthSection } from "./growth.ts";
import { AUDIT_SCRIPT } from "./script.ts";
import {
  comparisonSection,
  figures,
  findingSection,
  outcomeOf,
  repositorySection,
  warningSection,
} from "./sections.ts";
import { shareSection } from "./shares.ts";
import { AUDIT_STYLE } from "./style.ts";

const compress = promisify(gzip);

/**
 * The audit as one page that needs nothing else: no request leaves it, and its policy forbids any. What is written in it is
 * summary enough without its script, which unpacks the list of every tag.
 */
export async function auditPage(
  audit: Audit,
  { version }: { readonly version: string },
): Promise<string> {
  const { repositories, findings, createdAt } = audit;
  const { data, digests } = pageData(audit);
  const packed = await compress(JSON.stringify(data));
  const title = `Audit of ${subjectOf(repositories)}`;
  const content = html`<header>
      <h1>${title}</h1>
      <p><span class="outcome ${outcomeClass(audit)}">${outcomeOf(findings)}</span></p>
      <p class="soft">${formatTime(createdAt)} UTC, tidemark ${version}</p>
    </header>
    ${figures(audit)}${warningSection(audit)}${comparisonSection(audit)}${repositorySection(audit)}${findingSection(audit)}
    ${growthSection(repositories)}
    ${repositories.map((repository) => sharesOf(repository, repositories.length))}
    <section class="card" id="tags">
      <h2>Every tag</h2>
      <noscript
        ><p>
          The list of every tag is shown by the page's script, which is switched off here. The other
          forms of the audit have it too.
        </p></noscript
      >
      <div id="explorer"></div>
    </section>
    <section id="printed" class="card"></section>
    <script type="application/octet-stream;base64" id="digests">
      ${trusted(digests)}
    </script>`;
  return pageDocument({
    title,
    style: `${STYLE}${AUDIT_STYLE}`,
    script: AUDIT_SCRIPT,
    content,
    data: { type: "application/gzip;base64", text: trusted(packed.toString("base64")) },
  });
}

/** From so many repositories on, the bytes of each fold. */
const MANY = 4;

function sharesOf(repository: AuditedRepository, repositories: number): Markup {
  const section = shareSection(repository, repositories === 1);
  if (repositories === 1) return section;
  if (repositories < MANY)
    return html`<h2>${repository.repository}</h2>
      ${section}`;
  return html`<details>
    <summary>bytes of ${repository.repository}</summary>
    ${section}
  </details>`;
}

/** Repositories that a title names; more are counted. */
const MAX_NAMED = 3;

function subjectOf(repositories: Audit["repositories"]): string {
  if (repositories.length > MAX_NAMED)
    return counted(repositories.length, "repository", "repositories");
  return repositories.map(({ repository }) => repository).join(" and ") || "nothing";
}

function outcomeClass({ findings }: Audit): string {
  if (findings.some(({ severity }) => severity === "error")) return "wrong";
  return findings.some(({ severity }) => severity === "warning") ? "dry" : "good";
}
