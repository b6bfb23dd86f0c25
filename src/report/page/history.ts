import { formatTime, shortName } from "../format.ts";
import type { HistoryMap, HistoryRow, MappedImage } from "../history-map.ts";
import { NOTHING, html } from "./markup.ts";
import type { Markup } from "./markup.ts";

/** Rows that the page shows by itself; the others come by its script. */
const ROWS_AT_ONCE = 40;

/** Images that one row names; the rest are counted. */
const IMAGES_A_ROW = 12;

/** Lines beyond this column are not drawn. */
const MAX_COLUMNS = 10;

/** Pixels. */
const COLUMN_WIDTH = 14;
const HEAD_HEIGHT = 28;

export interface HistorySection {
  readonly section: Markup;
  /** Rows that the page does not show by itself. */
  readonly older: readonly Markup[];
}

/**
 * @param place Of the repository in the page, for the script.
 * @param subjects First lines of the messages of the commits, by hex id.
 */
export function historySection(
  map: HistoryMap | undefined,
  place: number,
  subjects: ReadonlyMap<string, string> = new Map(),
): HistorySection {
  if (map === undefined) return { section: NOTHING, older: [] };
  const width = widthOf(map);
  const rows = map.rows.map((row) => rowMarkup(row, width, subjects.get(row.commit) ?? ""));
  const rest = rows.length - ROWS_AT_ONCE;
  const notes = [
    ...(map.elsewhere === 0
      ? []
      : [`${map.elsewhere} kept images name no commit of this history.`]),
    ...(map.leftOut === 0 ? [] : [`${map.leftOut} older commits with images are not drawn.`]),
  ];
  const section = html`<section class="card">
    <h2>History</h2>
    <p class="soft">
      References that a policy selects, and the commits that images were built from; newest first.
      Commits without either are left out.
    </p>
    <p class="legend">
      <span class="chip kept">image that stays</span
      ><span class="chip deleted">image that goes</span>
    </p>
    ${rows.length === 0 ? html`<p>No commit here has an image or a selected reference.</p>` : NOTHING}
    <ol class="history" data-place="${place}">
      ${rows.slice(0, ROWS_AT_ONCE)}
    </ol>
    ${rest > 0 ? html`<noscript><p class="soft">${rest} older commits are shown by the page's script.</p></noscript>` : NOTHING}
    ${notes.map((note) => html`<p class="soft">${note}</p>`)}
  </section>`;
  return { section, older: rows.slice(ROWS_AT_ONCE) };
}

/** Pixels for the lines of every row. */
function widthOf({ rows }: HistoryMap): number {
  const columns = rows.reduce(
    (most, { lanes }) => Math.max(most, lanes.column, ...lanes.through, ...lanes.starts),
    0,
  );
  return (Math.min(columns, MAX_COLUMNS) + 1) * COLUMN_WIDTH;
}

function rowMarkup(
  { commit, time, references, images, lanes }: HistoryRow,
  width: number,
  subject: string,
): Markup {
  const when = new Date(time * 1000);
  const known = !Number.isNaN(when.getTime());
  const more = images.length - IMAGES_A_ROW;
  return html`<li>
    ${lanesMarkup(lanes, images, width)}
    <div class="commit">
      <code>${commit.slice(0, 12)}</code>${
        known
          ? html`<time class="soft" datetime="${when.toISOString()}"
              >${formatTime(when.toISOString())}</time
            >`
          : NOTHING
      }${references.map(
        ({ kind, name, policy }) =>
          html`<span class="chip ${kind}" title="${kind}, decided by keep policy ${policy}"
            >${name}</span
          >`,
      )}${images.slice(0, IMAGES_A_ROW).map(imageMarkup)}${more > 0 ? html`<span class="soft">and ${more} more</span>` : NOTHING}${subject === "" ? NOTHING : html`<span class="soft subject">${subject}</span>`}
    </div>
  </li>`;
}

function imageMarkup({ tag, image, status }: MappedImage): Markup {
  const name = image === "" ? shortName(tag) : `${image} ${shortName(tag)}`;
  return html`<span class="chip ${status}" title="${tag}">${name}</span>`;
}

function lanesMarkup(
  { column, through, ends, starts }: HistoryRow["lanes"],
  images: readonly MappedImage[],
  width: number,
): Markup {
  const middle = HEAD_HEIGHT / 2;
  const at = xOf(Math.min(column, MAX_COLUMNS));
  const drawn = (columns: readonly number[]): readonly number[] =>
    columns.filter((lane) => lane < MAX_COLUMNS);
  const paths = [
    ...drawn(through)
      .filter((lane) => !starts.includes(lane))
      .map((lane) => `M${xOf(lane)} 0V${HEAD_HEIGHT}`),
    ...drawn(ends).map((lane) => curve(xOf(lane), 0, at, middle)),
    ...drawn(starts).map((lane) => curve(at, middle, xOf(lane), HEAD_HEIGHT)),
    ...drawn(through)
      .filter((lane) => starts.includes(lane))
      .map((lane) => `M${xOf(lane)} 0V${HEAD_HEIGHT}`),
  ];
  const below = [...new Set([...drawn(through), ...drawn(starts)])];
  const state = images.some(({ status }) => status === "kept")
    ? "kept"
    : images.length > 0
      ? "deleted"
      : "";
  return html`<div class="lanes" aria-hidden="true">
    <svg class="head" viewBox="0 0 ${width} ${HEAD_HEIGHT}" width="${width}">
      <path d="${paths.join("")}" />
      <circle class="${state}" cx="${at}" cy="${middle}" r="4" /></svg
    ><svg class="rest" viewBox="0 0 ${width} 100" width="${width}" preserveAspectRatio="none">
      <path d="${below.map((lane) => `M${xOf(lane)} 0V100`).join("")}" /></svg
    ><svg width="${width}" height="1"></svg>
  </div>`;
}

function curve(fromX: number, fromY: number, toX: number, toY: number): string {
  if (fromX === toX) return `M${fromX} ${fromY}V${toY}`;
  const half = (fromY + toY) / 2;
  return `M${fromX} ${fromY}C${fromX} ${half} ${toX} ${half} ${toX} ${toY}`;
}

function xOf(column: number): number {
  return column * COLUMN_WIDTH + COLUMN_WIDTH / 2;
}
