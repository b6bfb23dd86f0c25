import type { AuditedRepository, Share } from "../../engine/audit/audit.ts";
import { formatBytes } from "../format.ts";
import { CLASS_NAMES } from "../sentences.ts";
import { NOTHING, html } from "../page/markup.ts";
import type { Markup } from "../page/markup.ts";

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(CLASS_NAMES));

/** Rows that are shown at once; the rest folds. */
const AT_ONCE = 12;
const MAX_ROWS = 500;

/** Units of a bar's drawing; it is stretched to the room there is. */
const WIDTH = 1000;

/** Bytes by class and by image, what each has for itself and what it shares. */
export function shareSection(
  { byClass, byImage, repository }: AuditedRepository,
  alone: boolean,
): Markup {
  const within = (key: "class" | "image", name: string): string =>
    `#${new URLSearchParams({ [key]: name, ...(alone ? {} : { repository }) }).toString()}`;
  return html`<section class="card">
    <h2>Bytes</h2>
    <p class="legend">
      <span class="key own">own: freed if all of it went, and nothing else</span>
      <span class="key shared">shared with others</span>
    </p>
    ${shareTable("class", byClass, (name) => ({
      text: NAMES.get(name) ?? name,
      address: within("class", name),
    }))}
    ${shareTable("image", byImage, (name) => ({ text: name, address: within("image", name) }))}
  </section>`;
}

interface Linked {
  readonly text: string;
  readonly address: string;
}

function shareTable(
  by: string,
  shares: readonly Share[],
  linkOf: (name: string) => Linked,
): Markup {
  if (shares.length === 0) return NOTHING;
  const ordered = shares.toSorted((a, b) => totalOf(b) - totalOf(a));
  const most = Math.max(1, ...ordered.slice(0, 1).map(totalOf));
  const rows = ordered
    .slice(0, MAX_ROWS)
    .map((share) => rowMarkup(share, most, linkOf(share.name)));
  const more = ordered.length - MAX_ROWS;
  return html`<table class="shares">
      <thead>
        <tr>
          <th>by ${by}</th>
          <th class="number">tags</th>
          <th class="number">own</th>
          <th class="number">shared</th>
          <th class="wide"></th>
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, AT_ONCE)}
      </tbody>
    </table>
    ${
      rows.length > AT_ONCE
        ? html`<details>
            <summary class="soft">${ordered.length - AT_ONCE} more by ${by}</summary>
            <table class="shares">
              <tbody>
                ${rows.slice(AT_ONCE)}
              </tbody>
            </table>
            ${more > 0 ? html`<p class="soft">and ${more} more; the JSON has all</p>` : NOTHING}
          </details>`
        : NOTHING
    }`;
}

function rowMarkup({ tags, ownBytes, sharedBytes }: Share, most: number, link: Linked): Markup {
  const own = Math.round((WIDTH * ownBytes) / most);
  const shared = Math.round((WIDTH * sharedBytes) / most);
  return html`<tr>
    <td><a href="${link.address}">${link.text}</a></td>
    <td class="number">${tags}</td>
    <td class="number">${formatBytes(ownBytes)}</td>
    <td class="number">${formatBytes(sharedBytes)}</td>
    <td class="wide bar">
      <svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="own" width="${own}" height="10" />
        <rect class="shared" x="${own}" width="${shared}" height="10" />
      </svg>
    </td>
  </tr>`;
}

function totalOf({ ownBytes, sharedBytes }: Share): number {
  return ownBytes + sharedBytes;
}
