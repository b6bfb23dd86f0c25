/** The part about one tag: what it is, why it stays or goes, what is wrong with it, and where it stands in the history. */
export const PART = `
const MAX_OTHERS = 20;
const part = make("section", "part");
part.id = "part";
part.hidden = true;
explorer.append(part);
const linkTo = (row, text) => {
  const link = make("a", "", text ?? rows.name[row]);
  link.href = addressOf({ ...state, ...naming(row) });
  return link;
};
const naming = (row) => ({ tag: rows.name[row], of: several ? data.repositories[rows.repository[row]] : "" });
const listOf = (items) => {
  const element = make("ul");
  for (const item of items) {
    const each = make("li");
    each.append(...item);
    element.append(each);
  }
  return element;
};
const others = (test) => {
  const found = [];
  for (let row = 0; row < total && found.length <= MAX_OTHERS; row += 1) if (test(row)) found.push(row);
  return found;
};
const otherTags = (title, row, test) => {
  const found = others((other) => other !== row && rows.repository[other] === rows.repository[row] && test(other));
  if (found.length === 0) return [];
  const items = found.slice(0, MAX_OTHERS).map((other) => [linkTo(other), " ", make("span", "soft", data.classes[rows.class[other]])]);
  return [make("h4", "", title), listOf(found.length > MAX_OTHERS ? [...items, ["and more"]] : items)];
};
const sentenceItems = (row) => {
  const items = [];
  const why = rows.why[row];
  for (let at = 0; at < why.length; at += 2) {
    const [before, after] = data.sentences[why[at]].split(HOLE);
    items.push(after === undefined || why[at + 1] < 0 ? [data.sentences[why[at]]] : [before, linkTo(why[at + 1]), after]);
  }
  return items;
};
const drawn = (name, values) => attributes(document.createElementNS("http://www.w3.org/2000/svg", name), values);
const placeOf = (row) => {
  const place = data.places[rows.place[row]];
  if (!place) return rows.commits[row].length === 0 ? [] : [make("p", "soft", "The history does not have its commit.")];
  const [commit, time, references, more, behind] = place;
  const svg = drawn("svg", { viewBox: "0 0 90 20", "aria-hidden": "true" });
  const dots = Math.min(behind, 6) + 1;
  svg.append(drawn("line", { x1: 8, y1: 10, x2: 82, y2: 10, ...(behind > 6 ? { "stroke-dasharray": "4 4" } : {}) }));
  for (let at = 0; at <= dots; at += 1) svg.append(drawn("circle", { cx: 8 + (74 * at) / dots, cy: 10, r: at === 0 ? 6 : 4, ...(at === 0 ? { class: "here" } : {}) }));
  const way = make("div", "way");
  way.append(make("code", "", data.commits[commit].slice(0, 12)), svg);
  for (const reference of references) {
    const [kind, ...name] = data.references[reference].split(" ");
    const chip = make("span", "chip " + (kind === "branch" || kind === "tag" ? kind : ""), name.join(" "));
    chip.title = data.references[reference];
    way.append(chip);
  }
  if (references.length === 0) way.append(make("span", "soft", "no reference reaches it"));
  const distance = behind === 0 ? "the tip of " : behind + (behind === 1 ? " commit" : " commits") + " behind ";
  const nearest = references.length === 0 ? "" : ", " + distance + data.references[references[0]];
  const rest = more === 0 ? "" : "; " + more + " more references reach it";
  return [way, make("p", "soft", "Committed " + timeText(time) + " UTC" + nearest + rest + ".")];
};
const facts = (row) => {
  const element = make("dl");
  const digest = digestOf(row);
  const values = [
    ["what", data.classes[rows.class[row]]],
    ...(several ? [["repository", data.repositories[rows.repository[row]]]] : []),
    ["digest", digest === "" ? "leads to nothing" : digest],
    ["media type", data.mediaTypes[rows.mediaType[row]]],
    ["image", data.images[rows.image[row]]],
    ["platforms", data.platforms[rows.platforms[row]]],
    ["built", timeText(rows.built[row])],
    ["pushed", timeText(rows.pushed[row])],
    ["own", bytesText(rows.own[row]) + ", freed if it alone went"],
    ["shared", bytesText(rows.shared[row])],
    ["commits", rows.commits[row].map((commit) => data.commits[commit]).join(", ")],
  ];
  for (const [name, value] of values) {
    if (!value) continue;
    element.append(make("dt", "", name), make("dd", name === "digest" || name === "commits" ? "mono" : "", value));
  }
  return element;
};
const findingItems = (row) =>
  (findingsOn.get(row) || []).map((at) => {
    const [rule, severity, , , message, advice] = data.findings[at];
    return [make("span", "chip " + data.severities[severity], data.severities[severity]), make("code", "", data.rules[rule]),
      make("div", "", message), make("div", "soft", data.advice[advice])];
  });
const showPart = (row) => {
  const top = make("div", "top");
  const heading = make("h3", "", rows.name[row]);
  heading.tabIndex = -1;
  heading.id = "part-name";
  const close = make("button", "", "Close");
  close.type = "button";
  close.addEventListener("click", closePart);
  top.append(heading, close);
  const own = new Set(rows.commits[row]);
  const wrong = findingItems(row);
  const place = placeOf(row);
  part.setAttribute("aria-labelledby", "part-name");
  part.replaceChildren(top, make("span", "chip " + (rows.going[row] ? "deleted" : "kept"), verdictOf(row)), facts(row),
    make("h4", "", rows.going[row] ? "Why it would go" : "Who needs it"), listOf(sentenceItems(row)),
    ...(wrong.length === 0 ? [] : [make("h4", "", "Findings"), listOf(wrong)]),
    ...(place.length === 0 ? [] : [make("h4", "", "In the history"), ...place]),
    ...otherTags("Of the same manifest", row, (other) => haveSameDigest(row, other)),
    ...otherTags("Of the same commit", row, (other) => rows.commits[other].some((commit) => own.has(commit))));
  part.hidden = false;
  part.scrollTop = 0;
  explorer.classList.add("open");
};
const hidePart = () => {
  part.hidden = true;
  explorer.classList.remove("open");
};
`;
