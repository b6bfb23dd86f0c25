/** The page's only style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5b6675; --line: #dfe3e9;
  --keep: #17734a; --keep-soft: #e0f3e9; --go: #a2401c; --go-soft: #fbe9e1;
  --bad: #b3172c; --bad-soft: #fde7ea; --wait: #7a5a00; --wait-soft: #fbf0cf; --accent: #2457c5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --ink: #e4e9f0; --soft: #9aa6b5; --line: #313a46;
    --keep: #6fd3a1; --keep-soft: #153527; --go: #f0a37f; --go-soft: #3b2219;
    --bad: #ff8f9c; --bad-soft: #421a20; --wait: #e6c766; --wait-soft: #3a3014; --accent: #8ab0ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 20px 16px 60px; }
h1 { font-size: 24px; line-height: 1.25; margin: 8px 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 10px; }
h3 { font-size: 15px; margin: 16px 0 6px; }
p { margin: 6px 0; }
code, .mono { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 14px 0; }
.bad { border-color: var(--bad); }
.outcome { display: inline-block; border-radius: 999px; padding: 2px 12px; font-weight: 600; }
.outcome.good { background: var(--keep-soft); color: var(--keep); }
.outcome.wrong { background: var(--bad-soft); color: var(--bad); }
.outcome.dry { background: var(--wait-soft); color: var(--wait); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin: 14px 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
.figure b { display: block; font-size: 24px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.figure.kept b { color: var(--keep); } .figure.deleted b { color: var(--go); } .figure.failed b { color: var(--bad); }
.figure.skipped b, .figure.remaining b { color: var(--wait); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
ul.plain { list-style: none; margin: 0; padding: 0; }
ul.plain > li { padding: 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
ul.plain > li:last-child { border-bottom: 0; }
details > summary { cursor: pointer; }
.chip { display: inline-block; border-radius: 6px; padding: 0 7px; margin: 0 4px 3px 0; font-size: 13px; line-height: 20px;
  border: 1px solid var(--line); max-width: 100%; overflow-wrap: anywhere; }
.chip.branch { background: var(--accent); border-color: var(--accent); color: var(--card); }
.chip.tag { border-color: var(--accent); color: var(--accent); }
.chip.kept { background: var(--keep-soft); border-color: var(--keep-soft); color: var(--keep); }
.chip.deleted { background: var(--go-soft); border-color: var(--go-soft); color: var(--go); }
.history .chip.deleted, .legend .chip.deleted { text-decoration: line-through; }
.chip.failed { background: var(--bad-soft); border-color: var(--bad-soft); color: var(--bad); }
.chip.skipped, .chip.remaining { background: var(--wait-soft); border-color: var(--wait-soft); color: var(--wait); }
.legend { margin: 0 0 8px; }
ol.history { list-style: none; margin: 0; padding: 0; }
ol.history > li { display: flex; align-items: stretch; }
.lanes { position: relative; flex: none; }
.lanes svg { display: block; }
.lanes svg.head, .lanes svg.rest { position: absolute; left: 0; width: 100%; }
.lanes svg.head { top: 0; height: 28px; }
.lanes svg.rest { top: 28px; height: calc(100% - 28px); }
.lanes path { fill: none; stroke: var(--soft); stroke-width: 2; vector-effect: non-scaling-stroke; }
.lanes circle { fill: var(--card); stroke: var(--soft); stroke-width: 2; }
.lanes circle.kept { fill: var(--keep); stroke: var(--keep); }
.lanes circle.deleted { stroke: var(--go); }
.commit { min-width: 0; padding: 3px 0 3px 6px; flex: 1; }
.commit code { margin-right: 8px; }
.commit .subject { overflow-wrap: anywhere; }
.commit time { margin-right: 8px; font-size: 13px; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 10px; }
.tools input, .tools select, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line);
  border-radius: 8px; padding: 5px 10px; min-height: 36px; }
.tools input { flex: 1 1 220px; min-width: 0; }
.tools select { max-width: 100%; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.entry { border-bottom: 1px solid var(--line); padding: 7px 0; }
.entry .what { display: flex; gap: 8px; align-items: baseline; }
.entry .chip { flex: none; margin: 0; }
.entry .why { margin: 2px 0 0; font-size: 14px; overflow-wrap: anywhere; }
.entry .more { margin: 0; padding: 2px 0 0 18px; font-size: 14px; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main { padding: 12px 10px 40px; } .card { padding: 12px; } h1 { font-size: 20px; }
  .figures { grid-template-columns: 1fr 1fr; } .figure b { font-size: 20px; }
  .entry .what { flex-wrap: wrap; }
  .wide { display: none; }
}
@media print { .tools, button { display: none; } }
`;
