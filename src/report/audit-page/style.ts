/** What the page of an audit needs besides the style sheet that it shares with the report. */
export const AUDIT_STYLE = `
main { max-width: 1320px; }
a { color: var(--accent); }
h2, th, td { overflow-wrap: anywhere; }
.chip.error { background: var(--bad-soft); border-color: var(--bad-soft); color: var(--bad); }
.chip.warning { background: var(--wait-soft); border-color: var(--wait-soft); color: var(--wait); }
.chip.note { color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 20px; margin: 0 0 8px; }
.chart { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 2px 8px; font-size: 13px; }
.chart figcaption { grid-column: 1 / -1; font-weight: 600; }
.chart .scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; color: var(--soft); }
.chart svg { width: 100%; height: 150px; border-left: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.chart .days { grid-column: 2; display: flex; justify-content: space-between; color: var(--soft); }
.chart .area { fill: var(--accent); opacity: 0.15; }
.chart .line { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
.chart rect { fill: transparent; }
.chart rect:hover { fill: var(--accent); opacity: 0.2; }
.legend .key { display: inline-block; margin-right: 16px; color: var(--soft); }
.legend .key::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.legend .key.own::before { background: var(--accent); }
.legend .key.shared::before { background: var(--accent); opacity: 0.35; }
.shares { margin: 0 0 16px; table-layout: fixed; }
.shares td, .shares th { width: 110px; overflow-wrap: anywhere; }
.shares td:first-child, .shares th:first-child { width: auto; }
.shares .number:nth-child(2) { width: 80px; }
.shares td.bar, .shares th.wide { width: 30%; }
.bar svg { display: block; width: 100%; height: 12px; margin-top: 5px; }
.bar .own, .bar .shared { fill: var(--accent); }
.bar .shared { opacity: 0.35; }
#explorer { display: grid; gap: 14px; grid-template-columns: minmax(0, 1fr); }
#explorer.open { grid-template-columns: minmax(0, 1fr) minmax(0, 400px); }
.list { min-width: 0; }
.grid { --row: 34px; --columns: var(--all-columns); position: relative; overflow: auto; height: min(70vh, 680px); border: 1px solid var(--line); border-radius: 8px;
  overscroll-behavior: contain; contain: strict; }
.grid .head { position: sticky; top: 0; z-index: 1; background: var(--card); border-bottom: 1px solid var(--line); }
.grid .body { position: relative; }
.grid [role="row"] { display: grid; grid-template-columns: var(--columns); align-items: center; height: var(--row); padding: 0 10px; gap: 10px; }
.grid .body [role="row"] { position: absolute; left: 0; right: 0; top: 0; cursor: pointer; border-bottom: 1px solid var(--line); }
.grid .body [role="row"]:hover { background: var(--page); }
.grid .body [role="row"].active { background: var(--page); box-shadow: inset 3px 0 var(--accent); }
.grid [role="gridcell"], .grid [role="columnheader"] { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.grid .body [data-column="repository"] { direction: rtl; text-align: left; }
#explorer.open .grid { --columns: var(--open-columns); }
#explorer.open .grid [data-column="repository"], #explorer.open .grid [data-column="image"], #explorer.open .grid [data-column="shared"] { display: none; }
.grid .number { text-align: right; font-variant-numeric: tabular-nums; }
.grid .name { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.grid .head button { border: 0; background: none; padding: 0; min-height: 0; font-weight: 600; color: var(--soft); max-width: 100%; }
.grid .head [aria-sort]:not([aria-sort="none"]) button { color: var(--ink); }
.grid .chip { margin: 0; }
.part { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; align-self: start; max-height: min(80vh, 790px); overflow: auto; }
.part[hidden] { display: none; }
.part .top { display: flex; gap: 10px; align-items: flex-start; justify-content: space-between; }
.part h3:first-child { margin-top: 0; font: 600 14px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.part h4 { margin: 14px 0 4px; font-size: 14px; }
.part dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 12px; margin: 8px 0; }
.part dt { color: var(--soft); }
.part dd { margin: 0; overflow-wrap: anywhere; }
.part ul { margin: 4px 0; padding-left: 18px; overflow-wrap: anywhere; }
.way { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.way svg { flex: none; width: 90px; height: 20px; }
.way svg line { stroke: var(--soft); stroke-width: 2; }
.way svg circle { fill: var(--soft); }
.way svg circle.here { fill: var(--accent); }
kbd { font: 12px ui-monospace, Menlo, Consolas, monospace; border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; }
#printed { display: none; }
@media (max-width: 900px) {
  #explorer.open { grid-template-columns: minmax(0, 1fr); }
  .part { position: fixed; left: 0; right: 0; bottom: 0; z-index: 2; max-height: 75vh; background: var(--card); border-radius: 14px 14px 0 0;
    box-shadow: 0 -6px 30px #0006; }
}
@media (max-width: 560px) {
  .grid { --row: 58px; height: 75vh; }
  .grid [role="row"] { grid-template-columns: minmax(0, 1fr) 84px 84px; grid-auto-rows: min-content; gap: 0 8px; align-content: center; }
  .grid .body .name { grid-column: 1 / -1; }
  .grid .head { --row: 34px; }
  .grid [data-column="time"], .grid [data-column="shared"], .grid [data-column="findings"], .grid [data-column="repository"],
  .grid [data-column="image"], .grid .head [data-column="class"] { display: none; }
  .keys { display: none; }
  .shares th:nth-child(2), .shares td:nth-child(2) { display: none; }
  .shares td, .shares th { width: 84px; }
}
@media print {
  #tags, #finding-tools { display: none; }
  #printed:not(:empty) { display: block; }
  body { background: #fff; }
  #printed table { font-size: 11px; }
  #printed th, #printed td { overflow-wrap: normal; padding-right: 8px; }
  #printed td:first-child { overflow-wrap: anywhere; font-family: ui-monospace, Menlo, Consolas, monospace; }
  .card { break-inside: avoid-page; border: 0; padding: 0; }
  #findings, #printed { break-inside: auto; }
}
`;
