/** What is shown, as the part of the address after `#`: `#tag=NAME`, `#class=stage&sort=-own`. */
export const ADDRESS = `
const NOUN = data.labels.includes("untagged") ? " tags and manifests without one" : " tags";
const addressOf = (wanted) => {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(wanted)) if (value !== EVERY[key]) parameters.set(key, value);
  return "#" + parameters;
};
const rowNamed = () => {
  if (state.tag === "") return -1;
  for (let row = 0; row < total; row += 1) {
    if (rows.name[row] === state.tag && (state.of === "" || data.repositories[rows.repository[row]] === state.of)) return row;
  }
  return -1;
};
const show = () => {
  choose();
  search.value = state.q;
  for (const [key, select] of Object.entries(controls)) select.value = state[key];
  found.textContent = matching.length.toLocaleString("en") + " of " + total.toLocaleString("en") + NOUN;
  for (const [at, [id]] of COLUMNS.entries()) {
    const direction = state.sort === id ? "ascending" : state.sort === "-" + id ? "descending" : "none";
    headers.children[at].setAttribute("aria-sort", direction);
    headers.children[at].firstChild.textContent = COLUMNS[at][1] + { ascending: " ▲", descending: " ▼", none: "" }[direction];
  }
  const row = rowNamed();
  if (row >= 0) showPart(row);
  else hidePart();
  const index = row < 0 ? -1 : matching.indexOf(row);
  layOut();
  if (index >= 0) activate(index);
  return row;
};
/** A filter or the order: the list begins at its top again. */
const change = (changes) => {
  state = { ...state, ...changes };
  active = 0;
  grid.scrollTop = 0;
  go("replaceState", addressOf(state));
  show();
};
const go = (how, address) => history[how](null, "", address === "#" ? location.pathname + location.search : address);
const focusPart = () => document.getElementById("part-name").focus({ preventScroll: true });
const openRow = (row) => {
  state = { ...state, ...naming(row) };
  go("pushState", addressOf(state));
  show();
  focusPart();
};
const closePart = () => {
  state = { ...state, tag: "", of: "" };
  go("pushState", addressOf(state));
  show();
  grid.focus({ preventScroll: true });
};
const readAddress = () => {
  const parameters = new URLSearchParams(location.hash.slice(1));
  state = { ...EVERY };
  for (const key of Object.keys(EVERY)) if (parameters.has(key)) state[key] = parameters.get(key);
  const row = show();
  if (state.tag !== "" && row < 0) found.textContent = "There is no tag " + state.tag + " here. " + found.textContent;
  if (location.hash.length > 1) {
    document.getElementById("tags").scrollIntoView();
    if (row >= 0) focusPart();
  }
};
window.addEventListener("hashchange", readAddress);
`;
