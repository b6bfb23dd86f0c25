import type { Digest } from "../../oci/digest.ts";
import type { Known, Links } from "./links.ts";

/** Why something cannot be copied: what is missing below it, and how. */
export interface Broken {
  readonly missing: Digest;
  readonly how: "absent" | "unreadable";
}

/** Tells what keeps a manifest from being copied whole; `undefined` when nothing does. */
export interface Wholeness {
  broken(root: Digest): Broken | undefined;
}

/**
 * Judges manifests by everything below them, each digest once. Whatever is asked for has been read, as far down as it
 * goes; what was not counts as absent.
 */
export function createWholeness(known: ReadonlyMap<Digest, Known>): Wholeness {
  const verdicts = new Map<Digest, Broken | undefined>();
  return {
    broken(root) {
      for (const digest of childrenFirst([root], known, (each) => verdicts.has(each))) {
        const found = known.get(digest) ?? "absent";
        verdicts.set(
          digest,
          typeof found === "string" ? { missing: digest, how: found } : below(found),
        );
      }
      return verdicts.get(root);
    },
  };

  function below({ children }: Links): Broken | undefined {
    for (const { digest } of children) {
      const broken = verdicts.get(digest);
      if (broken !== undefined) return broken;
    }
    return undefined;
  }
}

/** Roots and everything below them, each once, what is needed first. Indexes may be nested deeper than a stack is. */
export function childrenFirst(
  roots: Iterable<Digest>,
  known: ReadonlyMap<Digest, Known>,
  isDone: (digest: Digest) => boolean = () => false,
): readonly Digest[] {
  return settle(roots, isDone, (digest) => {
    const found = known.get(digest);
    return found === undefined || typeof found === "string"
      ? []
      : found.children.map((child) => child.digest);
  });
}

/**
 * Puts things into an order in which what each needs comes before it. Content cannot name itself by its digest, so nothing
 * goes round in a circle; if it did, it would be in the order once all the same.
 */
export function settle(
  roots: Iterable<Digest>,
  isDone: (digest: Digest) => boolean,
  needsOf: (digest: Digest) => readonly Digest[],
): readonly Digest[] {
  const order: Digest[] = [];
  const seen = new Set<Digest>();
  for (const root of roots) {
    const open: { readonly digest: Digest; readonly needs: Iterator<Digest> }[] = [];
    enter(root, open);
    for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
      const { done, value } = frame.needs.next();
      if (done !== true) enter(value, open);
      else {
        order.push(frame.digest);
        open.pop();
      }
    }
  }
  return order;

  function enter(
    digest: Digest,
    open: { readonly digest: Digest; readonly needs: Iterator<Digest> }[],
  ): void {
    if (seen.has(digest) || isDone(digest)) return;
    seen.add(digest);
    open.push({ digest, needs: needsOf(digest).values() });
  }
}
