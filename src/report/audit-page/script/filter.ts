/** Search, filters and order: which rows are shown. */
export const FILTER = `
const EVERY = { q: "", class: "", image: "", repository: "", verdict: "", rule: "", sort: "tag", tag: "", of: "" };
let state = { ...EVERY };
const texts = new Array(total);
const textOf = (row) =>
  (texts[row] ??= [
    rows.name[row], digestOf(row), data.classes[rows.class[row]], data.images[rows.image[row]], data.platforms[rows.platforms[row]],
    ...rows.commits[row].map((commit) => data.commits[commit]),
    ...rows.why[row].filter((_, at) => at % 2 === 0).map((sentence) => data.sentences[sentence]),
    ...(data.places[rows.place[row]] || [0, 0, []])[2].map((reference) => data.references[reference]),
  ].join(" ").toLowerCase());
const ranks = (names) => {
  const order = names.map((name, at) => [name, at]).sort(([a], [b]) => (a < b ? -1 : 1));
  const rank = new Array(names.length);
  order.forEach(([, at], place) => (rank[at] = place));
  return rank;
};
const byRank = (names, column) => {
  const rank = ranks(names);
  return (row) => (column[row] < 0 ? names.length : rank[column[row]]);
};
const KEYS = {
  tag: (row) => row,
  repository: (row) => rows.repository[row],
  class: byRank(data.classes, rows.class),
  image: byRank(data.images, rows.image),
  time: (row) => timeOf(row),
  own: (row) => rows.own[row],
  shared: (row) => rows.shared[row],
  going: (row) => rows.going[row],
  findings: (row) => (findingsOn.get(row) || []).length,
};
const FALLING = new Set(["time", "own", "shared", "going", "findings"]);
let sorted;
let sortedBy;
const sortRows = (sort) => {
  if (sort === sortedBy) return sorted;
  const falls = sort.startsWith("-");
  const key = KEYS[falls ? sort.slice(1) : sort] || KEYS.tag;
  const keys = Float64Array.from({ length: total }, (_, row) => (falls ? -key(row) : key(row)));
  sorted = Int32Array.from({ length: total }, (_, row) => row).sort((a, b) => keys[a] - keys[b] || a - b);
  sortedBy = sort;
  return sorted;
};
let matching = new Int32Array(0);
let matchedBy;
const choose = () => {
  const words = state.q.toLowerCase().split(/\\s+/).filter(Boolean);
  const label = data.labels.indexOf(state.class);
  const image = data.images.indexOf(state.image);
  const repository = data.repositories.indexOf(state.repository);
  const going = state.verdict === "deleted" ? 1 : 0;
  const rule = data.rules.indexOf(state.rule);
  const same = (key) => matchedBy && matchedBy[key] === state[key];
  const isNarrower = ["class", "image", "repository", "verdict", "rule", "sort"].every(same) && state.q.startsWith(matchedBy.q);
  const from = isNarrower ? matching : sortRows(state.sort);
  matchedBy = { ...state };
  matching = from.filter((row) => {
    if (state.class !== "" && rows.class[row] !== label) return false;
    if (state.image !== "" && rows.image[row] !== image) return false;
    if (state.repository !== "" && rows.repository[row] !== repository) return false;
    if (state.verdict !== "" && rows.going[row] !== going) return false;
    if (state.rule === "any" && !findingsOn.has(row)) return false;
    if (rule >= 0 && !(findingsOn.get(row) || []).some((at) => data.findings[at][0] === rule)) return false;
    return words.length === 0 || words.every((word) => textOf(row).includes(word));
  });
};
const warm = (from) => {
  const end = Math.min(total, from + 2000);
  for (let row = from; row < end; row += 1) textOf(row);
  if (end < total) (window.requestIdleCallback || setTimeout)(() => warm(end));
};
(window.requestIdleCallback || setTimeout)(() => warm(0));

const countBy = (column, size) => {
  const counts = new Array(size).fill(0);
  for (const value of column) if (value >= 0) counts[value] += 1;
  return counts;
};
const counted = (names, values, column) => {
  const counts = countBy(column, names.length);
  return names.map((name, at) => [values[at], name + " (" + counts[at] + ")"]).sort(([, a], [, b]) => (a < b ? -1 : 1));
};
const gone = rows.going.reduce((sum, going) => sum + going, 0);
const controls = {
  class: chooser("What it is", [["", "every kind"], ...counted(data.classes, data.labels, rows.class)]),
  image: chooser("Image", [["", "every image"], ...counted(data.images, data.images, rows.image)]),
  repository: chooser("Repository", [["", "every repository"], ...counted(data.repositories, data.repositories, rows.repository)]),
  verdict: chooser("Verdict", [["", "kept or not"], ["kept", "kept (" + (total - gone) + ")"], ["deleted", "would go (" + gone + ")"]]),
  rule: chooser("Findings", [["", "with or without findings"], ["any", "with a finding"], ...[...data.rules].sort().map((rule) => [rule, rule])]),
};
const tools = make("div", "tools");
tools.append(search, controls.class, controls.image, controls.verdict);
if (several) tools.append(controls.repository);
if (data.findings.length > 0) tools.append(controls.rule);
const found = make("p", "soft");
found.setAttribute("role", "status");
let waiting;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => change({ q: search.value }), 80);
});
for (const [key, select] of Object.entries(controls)) select.addEventListener("change", () => change({ [key]: select.value }));
`;
