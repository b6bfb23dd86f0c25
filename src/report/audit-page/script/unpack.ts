import { HOLE } from "../why-templates.ts";

/** Unpacks the data, and has the words that every other piece uses. */
export const UNPACK = `
const explorer = document.getElementById("explorer");
/** The bytes that an element holds in base64. */
const bytesIn = (id) => {
  const element = document.getElementById(id);
  const binary = atob(element.textContent.trim());
  element.textContent = "";
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
};
const unpack = () => {
  const packed = new Blob([bytesIn("data")]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).json();
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
rows.name = rows.name.map((name) => (typeof name === "string" ? name : name[0] + data.commits[name[1]] + "_" + rows.name[name[2]]));
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const DIGEST_BYTES = 32;
let digests;
const isPacked = (row) => data.otherDigests[row] === undefined;
/** Empty for none. */
const digestOf = (row) => {
  if (!isPacked(row)) return data.otherDigests[row];
  digests ??= bytesIn("digests");
  let digest = "sha256:";
  for (let at = row * DIGEST_BYTES; at < (row + 1) * DIGEST_BYTES; at += 1) digest += HEX[digests[at]];
  return digest;
};
const haveSameDigest = (a, b) => {
  if (!isPacked(a) || !isPacked(b)) return digestOf(a) !== "" && digestOf(a) === digestOf(b);
  digests ??= bytesIn("digests");
  for (let at = 0; at < DIGEST_BYTES; at += 1) if (digests[a * DIGEST_BYTES + at] !== digests[b * DIGEST_BYTES + at]) return false;
  return true;
};
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
