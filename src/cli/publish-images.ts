import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";

import { UsageError } from "../commands/error.ts";
import { sha3Hash } from "../stages/hash.ts";

/** How the nameless image is written. Source: werf, `managed-images ls`. */
const NAMELESS = "~";

/** An image on the command line. */
export interface NamedImage {
  /** Empty for the nameless image. */
  readonly name: string;
  /** As written; absent where only the name was given. */
  readonly source?: string;
}

/**
 * Reads `NAME=SOURCE…`, and names alone where no source is needed. The name ends at the first `=`; the nameless image is
 * written `~`, or as nothing. Throws `UsageError`.
 */
export function parseImages(
  words: readonly string[],
  { needsSource }: { readonly needsSource: boolean },
): NamedImage[] {
  const images = words.map((word) => parseImage(word, needsSource));
  const names = new Set<string>();
  for (const { name } of images) {
    if (names.has(name)) {
      throw new UsageError(
        `${shownImage(name)} is named twice; each image needs a name of its own`,
      );
    }
    names.add(name);
  }
  return images;
}

/** `image shop`, or words for the nameless one. */
export function shownImage(name: string): string {
  return name === "" ? "the nameless image" : `image ${name}`;
}

/** As it is written in a table. */
export function shownName(name: string): string {
  return name === "" ? NAMELESS : name;
}

/** Which of the images are not final. Throws `UsageError` for a name that is none of them. */
export function notFinalOf(
  names: readonly string[],
  images: readonly { readonly name: string }[],
): ReadonlySet<string> {
  const known = new Set(images.map(({ name }) => name));
  const asked = names.map(plainName);
  const unknown = asked.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new UsageError(`--not-final ${shownName(unknown)} names no image of this run`);
  }
  return new Set(asked);
}

/** What goes in front of the inputs, so that their digest is never that of something else. */
const INPUTS = "tidemark-inputs-1";

/**
 * One digest over files, in their order: SHA3-224 over the SHA-256 of each, so that no two lists of files make the same
 * text. Rejects with `UsageError` where one cannot be read.
 */
export async function digestOfInputs(files: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    try {
      await pipeline(createReadStream(resolve(file)), hash);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new UsageError(`--digest-input ${file} cannot be read: ${code}`, { cause: error });
    }
    hashes.push(hash.digest("hex"));
  }
  return sha3Hash(INPUTS, ...hashes);
}

function parseImage(word: string, needsSource: boolean): NamedImage {
  const end = word.indexOf("=");
  if (end === -1) {
    if (!needsSource) return { name: properName(word, word) };
    throw new UsageError(
      `"${word}" has no source; write NAME=SOURCE, or ${NAMELESS}=SOURCE for the nameless image`,
    );
  }
  const name = properName(word.slice(0, end), word);
  const source = word.slice(end + 1);
  if (source === "" && needsSource) throw new UsageError(`"${word}" names no source after the =`);
  return source === "" ? { name } : { name, source };
}

function properName(text: string, word: string): string {
  const name = plainName(text);
  // What nobody would name an image: most likely the name was forgotten.
  if (/^(?:oci|oci-archive|docker-archive):/.test(name)) {
    throw new UsageError(`"${word}" begins with a source; write NAME=SOURCE`);
  }
  if (/\p{Cc}/u.test(name) || name.trim() !== name) {
    throw new UsageError(
      `the image name ${JSON.stringify(name)} has a control character, or a space at an end`,
    );
  }
  return name;
}

function plainName(text: string): string {
  return text === NAMELESS ? "" : text;
}
