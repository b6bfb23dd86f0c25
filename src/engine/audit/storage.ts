import type { Digest } from "../../oci/digest.ts";
import type { Content } from "./content.ts";

/** Manifests and blobs by number, with what leads to what. */
export interface Storage {
  readonly size: number;
  /** Bytes by number. */
  readonly bytes: ArrayLike<number>;
  /** `undefined`: nobody read the manifest. */
  numberOf(digest: Digest): number | undefined;
  /** What a manifest leads to directly: its blobs, or its children. */
  below(number: number): readonly number[];
}

const NOTHING: readonly number[] = [];

/** Numbers everything that the manifests store. A digest is counted once, wherever it occurs. */
export function createStorage(contents: ReadonlyMap<Digest, Content>): Storage {
  const numbers = new Map<Digest, number>();
  const bytes: number[] = [];
  const below: (readonly number[])[] = [];
  const number = (digest: Digest): number => {
    const known = numbers.get(digest);
    if (known !== undefined) return known;
    const next = bytes.length;
    numbers.set(digest, next);
    bytes.push(0);
    below.push(NOTHING);
    return next;
  };
  for (const [digest, { size, blobs, children }] of contents) {
    const own = number(digest);
    bytes[own] = size;
    const leads = [...blobs, ...children].map((one) => number(one.digest));
    below[own] = leads;
    for (const blob of blobs) bytes[number(blob.digest)] = blob.size;
  }
  return {
    size: bytes.length,
    bytes,
    numberOf: (digest) => numbers.get(digest),
    below: (place) => below[place] ?? NOTHING,
  };
}

/** Visits everything that a manifest leads to, itself first, each once for one mark. */
export interface Walk {
  /** @param mark From 1; what was visited under another mark is visited again. */
  (root: number, mark: number, visit: (number: number) => void): void;
}

export function createWalk({ size, below }: Storage): Walk {
  const marks = new Uint32Array(size);
  return (root, mark, visit) => {
    if (marks[root] === mark) return;
    marks[root] = mark;
    const open = [root];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      visit(at);
      for (const next of below(at)) {
        if (marks[next] === mark) continue;
        marks[next] = mark;
        open.push(next);
      }
    }
  };
}
