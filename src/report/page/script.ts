import { CONTROLS } from "./controls.ts";

/**
 * The page's only script: the list of tags, in portions, with search and filters; and the older part of the history.
 *
 * It reads the element `#data`. Text from others is set as text; rows of the history are markup that was escaped when the
 * page was written.
 */
export const SCRIPT = `
"use strict";
(() => {
  const PORTION = 100;
  const data = JSON.parse(document.getElementById("data").textContent);
${CONTROLS}
  for (const [place, rows] of data.older.entries()) {
    const list = document.querySelector('ol.history[data-place="' + place + '"]');
    if (!list || rows.length === 0) continue;
    let next = 0;
    const button = make("button");
    const label = () => (button.textContent = "Show older commits (" + (rows.length - next) + " more)");
    button.type = "button";
    button.addEventListener("click", () => {
      list.insertAdjacentHTML("beforeend", rows.slice(next, next + PORTION).join(""));
      next += PORTION;
      if (next >= rows.length) button.remove();
      else label();
    });
    label();
    list.after(button);
  }

  const explorer = document.getElementById("explorer");
  const countOf = (key, value) => data.entries.filter((entry) => entry[key] === value).length;
  const present = (key, names) =>
    names.map((name, at) => [String(at), name, countOf(key, at)]).filter(([, , count]) => count > 0)
      .map(([at, name, count]) => [at, name + " (" + count + ")"]);
  const status = chooser("Status", [["", "every status"], ...present("s", data.statuses)]);
  const kind = chooser("Kind", [["", "every kind"], ...present("c", data.classes)]);
  const place = chooser("Repository", [["", "every repository"], ...present("r", data.repositories)]);
  const order = chooser("Order", [["name", "by name"], ["size", "largest first"], ["new", "newest first"], ["old", "oldest first"]]);
  const tools = make("div", "tools");
  tools.append(search, status, kind);
  if (data.repositories.length > 1) tools.append(place);
  tools.append(order);
  const found = make("p", "soft");
  found.setAttribute("role", "status");
  const list = make("div");
  list.id = "entries";
  const more = make("button");
  more.type = "button";
  explorer.append(tools, found, list, more);

  const textOf = (entry) =>
    [entry.n, entry.d, entry.i, entry.o, ...entry.w.map((at) => data.sentences[at])].join(" ").toLowerCase();
  const compare = {
    name: (a, b) => a.at - b.at,
    size: (a, b) => (b.b || 0) - (a.b || 0) || a.at - b.at,
    new: (a, b) => (b.t || 0) - (a.t || 0) || a.at - b.at,
    old: (a, b) => (a.t || Infinity) - (b.t || Infinity) || a.at - b.at,
  };
  data.entries.forEach((entry, at) => (entry.at = at));
  let matching = [];
  let shown = 0;

  const row = (entry) => {
    const box = make("div", "entry");
    const what = make("div", "what");
    const name = make("code", "", entry.n);
    what.append(make("span", "chip " + data.statuses[entry.s], data.statusNames[entry.s]), name);
    box.append(what);
    const sentences = entry.w.map((at) => data.sentences[at]);
    const facts = [data.classes[entry.c], entry.i, entry.time, entry.size];
    if (data.repositories.length > 1) facts.unshift(data.repositories[entry.r]);
    box.append(make("div", "soft", facts.filter(Boolean).join(" · ")));
    if (sentences.length > 0) box.append(make("div", "why", sentences[0]));
    if (sentences.length > 1 || entry.d || entry.o) {
      const details = make("details", "more");
      details.append(make("summary", "soft", sentences.length > 1 ? "all reasons and the digest" : "digest"));
      for (const sentence of sentences.slice(1)) details.append(make("div", "", sentence));
      if (entry.o) details.append(make("div", "mono soft", "built from " + entry.o));
      if (entry.d) details.append(make("div", "mono soft", entry.d));
      box.append(details);
    }
    return box;
  };
  const showMore = () => {
    list.append(...matching.slice(shown, shown + PORTION).map(row));
    shown = Math.min(matching.length, shown + PORTION);
    more.hidden = shown >= matching.length;
    more.textContent = "Show " + Math.min(PORTION, matching.length - shown) + " more";
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    matching = data.entries.filter((entry) => {
      if (status.value !== "" && entry.s !== Number(status.value)) return false;
      if (kind.value !== "" && entry.c !== Number(kind.value)) return false;
      if (place.value !== "" && entry.r !== Number(place.value)) return false;
      if (words.length === 0) return true;
      const text = textOf(entry);
      return words.every((word) => text.includes(word));
    });
    matching.sort(compare[order.value]);
    found.textContent = matching.length + " of " + data.entries.length;
    list.replaceChildren();
    shown = 0;
    showMore();
  };
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  for (const select of [status, kind, place, order]) select.addEventListener("change", filter);
  more.addEventListener("click", showMore);
  filter();
})();
`;
