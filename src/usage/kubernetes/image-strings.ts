import type { FoundImage } from "./found-image.ts";
import { isObject } from "./json.ts";

/** Characters that no image name has: whatever stands between two of them may be one. */
const BETWEEN = /[^A-Za-z0-9._\-/:@]+/;

/** Longest name that anything takes: repository, tag and digest. */
const MAX_LENGTH = 512;

const TAGGED = /^[A-Za-z0-9][A-Za-z0-9._\-/:]*:[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const PINNED = /(?:^|@)sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;
const QUALIFIED =
  /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost|[A-Za-z0-9.-]+:[0-9]+)\/[a-z0-9]/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T/;
const PATH = /^[a-z0-9][a-z0-9._\-/:]*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** Keys beside which a repository stands without its host, or without its tag. Source: usual values of charts. */
const HOST_KEYS = ["registry", "imageRegistry"] as const;
const NAME_KEYS = [
  "repository",
  "repo",
  "imageRepository",
  "imageRepo",
  "image",
  "name",
  "newName",
  "baseImage",
  "imageName",
] as const;
const TAG_KEYS = ["tag", "imageTag", "newTag", "version", "digest", "sha", "sha256"] as const;

/** Everything in a text that may be the name of an image. Finds too much rather than too little. */
export function imageNamesIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const word of text.split(BETWEEN)) {
    if (word.length < 3 || word.length > MAX_LENGTH) continue;
    const trimmed = word.replace(/[.:@/-]+$/, "");
    if (looksLikeImage(trimmed)) found.add(trimmed);
    if (trimmed !== word && looksLikeImage(word)) found.add(word);
  }
  return found;
}

function looksLikeImage(word: string): boolean {
  if (TIME.test(word)) return false;
  return TAGGED.test(word) || PINNED.test(word) || QUALIFIED.test(word);
}

/** Fields that hold what somebody once wanted, not what is used, and those that never hold an image. */
const PASSED_OVER = new Set([
  "managedFields",
  "kubectl.kubernetes.io/last-applied-configuration",
  "apiVersion",
  "uid",
]);

/** Every name of an image at any depth of an object, with the path of its field; each once. */
export function* imagesAnywhere(object: unknown): Generator<FoundImage> {
  const seen = new Set<string>();
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: object, path: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === "string") {
      for (const image of imageNamesIn(value)) {
        if (!seen.has(image)) yield { image, container: path };
        seen.add(image);
      }
    } else if (Array.isArray(value)) {
      for (const [place, item] of value.entries())
        open.push({ value: item, path: `${path}[${place}]` });
    } else if (isObject(value)) {
      for (const image of imagesInParts(value)) {
        if (!seen.has(image)) yield { image, container: path };
        seen.add(image);
      }
      for (const [key, field] of Object.entries(value)) {
        if (PASSED_OVER.has(key)) continue;
        open.push({ value: field, path: path === "" ? key : `${path}.${key}` });
        // Some tell of each image under its own name; names of labels have no colon.
        if (key.includes(":")) open.push({ value: key, path });
      }
    }
  }
}

/** Names whose host, path and tag stand in fields of their own, as charts have them. */
function* imagesInParts(object: Readonly<Record<string, unknown>>): Generator<string> {
  const texts = (keys: readonly string[]): string[] =>
    keys.flatMap((key) => {
      const value = object[key];
      const text = typeof value === "number" ? String(value) : value;
      return typeof text === "string" && text !== "" ? [text] : [];
    });
  const names = texts(NAME_KEYS).filter((name) => PATH.test(name));
  const hosts = texts(HOST_KEYS).map((host) => host.replace(/\/+$/, ""));
  const addresses = [...names, ...hosts.flatMap((host) => names.map((name) => `${host}/${name}`))];
  for (const address of addresses) {
    for (const tag of texts(TAG_KEYS)) {
      const digest = /^(?:sha256:)?(?<hex>[0-9a-f]{64})$/.exec(tag)?.groups?.["hex"];
      if (digest !== undefined) yield `${address}@sha256:${digest}`;
      else if (TAG.test(tag)) yield `${address}:${tag}`;
    }
    if (address.includes("/") && hosts.length > 0) yield address;
  }
}
