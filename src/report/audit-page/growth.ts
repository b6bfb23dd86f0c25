import type { AuditedRepository, GrowthPoint } from "../../engine/audit/audit.ts";
import { counted, formatBytes } from "../format.ts";
import { NOTHING, html } from "../page/markup.ts";
import type { Markup } from "../page/markup.ts";
import { growthOf, thinned } from "./totals.ts";

/** Points that a line is drawn through, and rows of the table that tells the same. */
const MAX_POINTS = 240;
const MAX_ROWS = 24;

/** Units of the drawings; they are stretched to the room there is. */
const WIDTH = 1000;
const HEIGHT = 100;

interface Chart {
  readonly title: string;
  readonly name: "bytes" | "tags";
  readonly valueOf: (point: GrowthPoint) => number;
  readonly format: (value: number) => string;
}

const CHARTS: readonly Chart[] = [
  { title: "Bytes", name: "bytes", valueOf: ({ bytes }) => bytes, format: formatBytes },
  {
    title: "Tags",
    name: "tags",
    valueOf: ({ tags }) => tags,
    format: (tags) => counted(tags, "tag"),
  },
];

/** How much there was at the end of each day, drawn and as a table. */
export function growthSection(repositories: readonly AuditedRepository[]): Markup {
  const points = growthOf(repositories);
  if (points.length < 2) return NOTHING;
  const rows = thinned(points, MAX_ROWS);
  return html`<section class="card">
    <h2>Growth</h2>
    <p class="soft">What is there now, by the day it came. What was deleted since is not in it.</p>
    <div class="charts">
      ${CHARTS.map((chart) => chartMarkup(chart, thinned(points, MAX_POINTS)))}
    </div>
    <details>
      <summary class="soft">as a table</summary>
      <table>
        <thead>
          <tr>
            <th>day</th>
            <th class="number">tags</th>
            <th class="number">bytes</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ day, tags, bytes }) =>
              html`<tr>
                <td>${day}</td>
                <td class="number">${tags}</td>
                <td class="number">${formatBytes(bytes)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`;
}

function chartMarkup(
  { title, name, valueOf, format }: Chart,
  points: readonly GrowthPoint[],
): Markup {
  const first = points[0]?.day ?? "";
  const last = points.at(-1)?.day ?? "";
  const most = points.reduce((top, point) => Math.max(top, valueOf(point)), 1);
  const xOf = (day: string): number => spread(Date.parse(day), Date.parse(first), Date.parse(last));
  const yOf = (point: GrowthPoint): number => round(HEIGHT * (1 - valueOf(point) / most));
  // Between two days that are told nothing came.
  const line = points.map((point) => `H${round(xOf(point.day))}V${yOf(point)}`).join("");
  const told = points.map((point) => ({
    x: xOf(point.day),
    text: `${point.day}: ${format(valueOf(point))}`,
  }));
  const from = points[0] === undefined ? "" : format(valueOf(points[0]));
  const to = points.at(-1);
  const label = `${title} from ${first} to ${last}: from ${from} to ${to === undefined ? "" : format(valueOf(to))}`;
  return html`<figure class="chart ${name}">
    <figcaption>${title}</figcaption>
    <div class="scale"><span>${format(most)}</span><span>0</span></div>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}"
    >
      <path class="area" d="M0 ${HEIGHT}${line}V${HEIGHT}Z" />
      <path class="line" d="M0 ${HEIGHT}${line}" />
      ${told.map(
        ({ x, text }, place) =>
          html`<rect
            x="${round((x + (told[place - 1]?.x ?? 0)) / 2)}"
            y="0"
            width="${round(((told[place + 1]?.x ?? WIDTH) - (told[place - 1]?.x ?? 0)) / 2)}"
            height="${HEIGHT}"
            ><title>${text}</title></rect
          >`,
      )}
    </svg>
    <div class="days"><span>${first}</span><span>${last}</span></div>
  </figure>`;
}

/** Where a moment stands between two others. */
function spread(at: number, from: number, to: number): number {
  return to === from ? 0 : (WIDTH * (at - from)) / (to - from);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
