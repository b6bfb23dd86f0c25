import { HOLE } from "../why-templates.ts";

/** Unpacks the data, and has the words that every other piece uses. */
export const UNPACK = `
const make = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
const explorer = document.getElementById("explorer");
const unpack = async () => {
  const packed = document.getElementById("data");
  const text = packed.textContent.trim();
  packed.textContent = "";
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
};
explorer.setAttribute("aria-busy", "true");
const loading = make("p", "soft", "Reading the list of tags …");
explorer.append(loading);
let data;
try {
  data = await unpack();
} catch (error) {
  loading.textContent = "This browser could not unpack the list of tags: " + error.message;
  return;
}
loading.remove();
const rows = data.rows;
const total = rows.name.length;
const HOLE = ${JSON.stringify(HOLE)};
const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];
const bytesText = (bytes) => {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return (power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)) + " " + UNITS[power];
};
const timeText = (seconds) => (seconds === 0 ? "" : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " "));
const timeOf = (row) => rows.built[row] || rows.pushed[row];
const several = data.repositories.length > 1;
const findingsOn = new Map();
data.findings.forEach(([, , , subject], at) => {
  if (typeof subject !== "number") return;
  const known = findingsOn.get(subject);
  if (known) known.push(at);
  else findingsOn.set(subject, [at]);
});
const verdictOf = (row) => (rows.going[row] ? "would go" : "kept");
const isTyping = (element) => ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);
`;
