import { parseDocument } from "yaml";

/** The image names that a configuration defines, or why that cannot be told. */
export type DefinedImages =
  | { readonly kind: "names"; readonly names: ReadonlySet<string> }
  | { readonly kind: "unknown"; readonly why: string };

/** The files of a project's directory that tell of its images, as they were found. `undefined`: there is none. */
export interface ImageFiles {
  readonly tidemark: string | undefined;
  readonly werf: string | undefined;
}

/**
 * The image names that the configuration defines: the key `images` of `tidemark.yaml` where it is given, else the image
 * documents of `werf.yaml`. `undefined` when there is no configuration at all.
 *
 * A name that a template makes cannot be told. A template that decides whether a name is defined can: it counts.
 */
export function definedImages({ tidemark, werf }: ImageFiles): DefinedImages | undefined {
  const listed = tidemark === undefined ? undefined : listedImages(tidemark);
  if (listed !== undefined) return listed;
  if (werf !== undefined) return imagesOfWerf(werf);
  if (tidemark === undefined) return undefined;
  return unknown("tidemark.yaml has no key images, and there is no werf.yaml");
}

/** What the key `images` says; `undefined` where it is not given. */
function listedImages(text: string): DefinedImages | undefined {
  const value = yamlValue(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return unknown("tidemark.yaml cannot be read");
  }
  const images: unknown = Object.entries(value).find(([key]) => key === "images")?.[1];
  if (images === undefined || images === null) return undefined;
  const names = Array.isArray(images) ? namesIn(images) : undefined;
  return names === undefined
    ? unknown("images in tidemark.yaml is no list of names")
    : known(names);
}

const SEPARATOR = /^---(?:\s|$)/m;

function imagesOfWerf(text: string): DefinedImages {
  const uncommented = text.replaceAll(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, "");
  const making = uncommented.split(/\r?\n/).find(mayMakeDocuments);
  if (making !== undefined) {
    return unknown(`a template in werf.yaml may define images: ${making.trim().slice(0, 60)}`);
  }
  const names = new Set<string>();
  for (const document of uncommented.split(SEPARATOR)) {
    const found = document.includes("{{") ? namesAround(document) : namesInside(document);
    if (typeof found === "string") return unknown(found);
    for (const name of found) names.add(name);
  }
  return known(names);
}

/** Names of a document without templates, or why there are none to be told. */
function namesInside(document: string): readonly string[] | string {
  const value = yamlValue(document);
  if (value === null) return [];
  if (typeof value !== "object" || Array.isArray(value))
    return "a document in werf.yaml is no mapping";
  const names: string[] = [];
  for (const [key, field] of Object.entries(value)) {
    if (key !== "image" && key !== "artifact") continue;
    const found = namesIn(field);
    if (found === undefined) return `${key} in werf.yaml is no name`;
    names.push(...found);
  }
  return names;
}

/** Names of a document with templates around and inside its fields, or why they cannot be told. */
function namesAround(document: string): readonly string[] | string {
  if (hasKeysElsewhere(document)) {
    return "a document in werf.yaml has no key at the beginning of a line";
  }
  const names: string[] = [];
  for (const [, key = "image", value = ""] of document.matchAll(NAMED)) {
    const found = value.includes("{{") ? undefined : namesOfField(document, key, value);
    if (found === undefined) return `${key}:${value} in werf.yaml is no name`;
    names.push(...found);
  }
  return names;
}

/** A key at the top level of a document that gives its image a name. */
const NAMED = /^["']?(image|artifact)["']?\s*:(.*)$/gm;

/** Actions that write nothing. */
const SILENT = /^(?:(?:if|else|end|range|with|block|define|break|continue)\b|\$\w+\s*:?=)/;

/** Actions whose output is put below what stands above it. */
const INDENTED = /\|\s*n?indent\s+[1-9][0-9]*\s*$/;

/**
 * Whether a line has a template that may write whole documents: one that writes at the beginning of a line. What follows
 * other text on its line, and what is indented, stays inside its own document.
 */
function mayMakeDocuments(line: string): boolean {
  if (/^\s*#/.test(line)) return false;
  let before = "";
  for (const [whole, action = ""] of line.matchAll(/\{\{-?\s*(.*?)\s*-?\}\}/g)) {
    before = line.slice(0, line.indexOf(whole));
    const isAlone = before.replaceAll(/\{\{.*?\}\}/g, "").trim() === "";
    if (isAlone && !SILENT.test(action) && !INDENTED.test(action)) return true;
  }
  // An action over several lines is not followed.
  return line.split("{{").length !== line.split("}}").length;
}

/** Whether a document is indented as a whole or in braces: then its keys are not where they are looked for. */
function hasKeysElsewhere(document: string): boolean {
  const lines = document.replaceAll(/\{\{[\s\S]*?\}\}/g, "").split(/\r?\n/);
  const content = lines.filter((line) => line.trim() !== "" && !/^\s*#/.test(line));
  return content.length > 0 && !content.some((line) => /^["'\w]/.test(line));
}

/** Names of a field, which may go on in the lines below it as a list. */
function namesOfField(document: string, key: string, value: string): readonly string[] | undefined {
  const inline = value.replace(/\s#.*$/, "").trim();
  if (inline !== "") return namesIn(yamlValue(inline));
  const below = new RegExp(`^["']?${key}["']?\\s*:[^\\n]*\\n((?:\\s*-[^\\n]*(?:\\n|$))*)`, "m");
  const list = below.exec(document)?.[1] ?? "";
  return list.includes("{{") ? undefined : namesIn(list === "" ? null : yamlValue(list));
}

/** A name, a list of them, or nothing for the nameless image. */
function namesIn(value: unknown): readonly string[] | undefined {
  if (value === null || value === undefined) return [""];
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return undefined;
  const names: unknown[] = value;
  return names.every((name) => typeof name === "string") ? names : undefined;
}

function yamlValue(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  return document.errors.length > 0 ? Number.NaN : document.toJS({ maxAliasCount: 100 });
}

function known(names: Iterable<string>): DefinedImages {
  return { kind: "names", names: new Set(names) };
}

function unknown(why: string): DefinedImages {
  return { kind: "unknown", why };
}
