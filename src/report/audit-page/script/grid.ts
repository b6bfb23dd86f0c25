/** The table: only rows in sight have elements. Source of its keys and roles: WAI-ARIA Authoring Practices, grid. */
export const GRID = `
/** Addresses without the parts at both ends that all of them have; marks keep their order where they are cut on the left. */
const shortAddresses = (addresses) => {
  const parts = addresses.map((address) => address.split("/"));
  const [first] = parts;
  const same = (at) => parts.every((each) => each.at(at) === first.at(at));
  const least = Math.min(...parts.map((each) => each.length));
  let start = 0;
  while (start < least - 1 && same(start)) start += 1;
  let end = 0;
  while (end < least - start - 1 && same(-1 - end)) end += 1;
  return parts.map((each) => "\\u200e" + each.slice(start, each.length - end).join("/") + "\\u200e");
};
const addresses = several ? shortAddresses(data.repositories) : [];
const COLUMNS = [
  ["tag", "tag", "name", "minmax(0, 3fr)", (row) => rows.name[row]],
  ...(several ? [["repository", "repository", "", "minmax(0, 1.5fr)", (row) => addresses[rows.repository[row]]]] : []),
  ["class", "what", "", "minmax(0, 1.3fr)", (row) => data.classes[rows.class[row]]],
  ["image", "image", "", "minmax(0, 1fr)", (row) => data.images[rows.image[row]] || ""],
  ["time", "built or pushed", "", "140px", (row) => timeText(timeOf(row)).slice(0, 10)],
  ["own", "own", "number", "84px", (row) => bytesText(rows.own[row])],
  ["shared", "shared", "number", "84px", (row) => bytesText(rows.shared[row])],
  ["going", "verdict", "", "76px", verdictOf],
  ["findings", "findings", "number", "66px", (row) => (findingsOn.get(row) || []).length || ""],
];
/** Browsers draw nothing beyond some height; a longer list is scrolled in larger steps. */
const MAX_HEIGHT = 8e6;
const grid = make("div", "grid");
const attributes = (element, values) => {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  return element;
};
attributes(grid, { role: "grid", tabindex: "0", "aria-label": "Tags", "aria-colcount": COLUMNS.length, "aria-describedby": "keys" });
const BESIDE_PART = new Set(["repository", "image", "shared"]);
const widths = (columns) => columns.map(([, , , width]) => width).join(" ");
grid.style.setProperty("--all-columns", widths(COLUMNS));
grid.style.setProperty("--open-columns", widths(COLUMNS.filter(([id]) => !BESIDE_PART.has(id))));
const head = attributes(make("div", "head"), { role: "rowgroup" });
const body = attributes(make("div", "body"), { role: "rowgroup" });
const headers = attributes(make("div"), { role: "row", "aria-rowindex": 1 });
for (const [at, [id, text, className]] of COLUMNS.entries()) {
  const header = attributes(make("div", className === "name" ? "" : className), { role: "columnheader", "aria-colindex": at + 1, "data-column": id });
  const button = make("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => {
    const first = FALLING.has(id) ? "-" + id : id;
    const second = FALLING.has(id) ? id : "-" + id;
    change({ sort: state.sort === first ? second : first });
  });
  header.append(button);
  headers.append(header);
}
head.append(headers);
grid.append(head, body);
const pool = [];
let active = 0;
let rowHeight = 34;
const poolRow = (at) => {
  if (pool[at]) return pool[at];
  const element = attributes(make("div"), { role: "row" });
  const cells = COLUMNS.map(([id, , className], column) =>
    attributes(make("div", className), { role: "gridcell", "aria-colindex": column + 1, "data-column": id }));
  element.append(...cells);
  element.addEventListener("click", () => {
    active = pool[at].index;
    openRow(matching[active]);
  });
  body.append(element);
  pool[at] = { element, cells, index: -1, row: -1 };
  return pool[at];
};
const inSight = () => Math.max(rowHeight, grid.clientHeight - head.offsetHeight);
const hidden = () => Math.max(0, matching.length * rowHeight - inSight());
const scrollable = () => Math.max(0, body.offsetHeight - inSight());
const isScaled = () => matching.length * rowHeight > MAX_HEIGHT;
const offset = () => (isScaled() ? (grid.scrollTop / scrollable()) * hidden() : grid.scrollTop);
const draw = () => {
  const top = offset();
  const first = Math.max(0, Math.floor(top / rowHeight) - 2);
  const last = Math.min(matching.length, Math.ceil((top + inSight()) / rowHeight) + 2);
  for (let index = first; index < last; index += 1) {
    const each = poolRow(index - first);
    const row = matching[index];
    const { element, cells } = each;
    if (each.row !== row) {
      COLUMNS.forEach(([id, , , , text], at) => {
        if (id === "going") cells[at].replaceChildren(make("span", "chip " + (rows.going[row] ? "deleted" : "kept"), text(row)));
        else cells[at].textContent = text(row);
        if (id === "repository") cells[at].title = data.repositories[rows.repository[row]];
      });
    }
    each.index = index;
    each.row = row;
    element.hidden = false;
    element.id = "row-" + index;
    element.style.display = "";
    element.style.transform = "translateY(" + (grid.scrollTop + index * rowHeight - top) + "px)";
    element.classList.toggle("active", index === active);
    attributes(element, { "aria-rowindex": index + 2, "aria-selected": index === active });
  }
  for (let at = Math.max(0, last - first); at < pool.length; at += 1) {
    pool[at].element.style.display = "none";
    pool[at].element.removeAttribute("id");
  }
  if (active >= first && active < last) grid.setAttribute("aria-activedescendant", "row-" + active);
  else grid.removeAttribute("aria-activedescendant");
};
let drawing = false;
const drawSoon = () => {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
};
const layOut = () => {
  rowHeight = parseFloat(getComputedStyle(grid).getPropertyValue("--row")) || 34;
  body.style.height = Math.min(MAX_HEIGHT, matching.length * rowHeight) + "px";
  grid.setAttribute("aria-rowcount", matching.length + 1);
  draw();
};
const reveal = (index) => {
  const top = offset();
  const wanted = index * rowHeight < top ? index * rowHeight : Math.max(top, (index + 1) * rowHeight - inSight());
  if (wanted !== top) grid.scrollTop = isScaled() ? (wanted / hidden()) * scrollable() : wanted;
};
const activate = (index) => {
  active = Math.max(0, Math.min(matching.length - 1, index));
  reveal(active);
  draw();
};
grid.addEventListener("scroll", drawSoon, { passive: true });
window.addEventListener("resize", layOut);
grid.addEventListener("keydown", (event) => {
  if (event.target !== grid) return;
  const page = Math.max(1, Math.floor(inSight() / rowHeight) - 1);
  const steps = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: matching.length - 1 };
  if (event.key in steps) activate(steps[event.key]);
  else if (event.key === "Enter" && matching.length > 0) openRow(matching[active]);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isTyping(event.target)) {
    event.preventDefault();
    search.focus();
  }
  if (event.key === "Escape" && state.tag !== "") closePart();
});
search.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown") return;
  event.preventDefault();
  grid.focus();
});
const keys = make("p", "soft keys");
keys.id = "keys";
for (const [key, text] of [["/", " searches, "], ["↑", " "], ["↓", " move, "], ["Enter", " opens, "], ["Esc", " closes"]]) keys.append(make("kbd", "", key), text);
const list = make("div", "list");
list.append(tools, found, grid, keys);
explorer.append(list);
`;
