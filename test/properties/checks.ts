import { deepStrictEqual } from "node:assert/strict";
import type { CleanupResult } from "../../src/commands/cleanup/result.ts";
import type { RepositoryState } from "./contents.ts";
import { digestOf, judge } from "./model.ts";
import type { Verdict } from "./model.ts";
import { readManifest, storeOf } from "./model-reading.ts";
import type { Store } from "./model-reading.ts";
import type { Mutation } from "./memory-registry.ts";

/** A property that does not hold; the message says what was lost. */
export class Broken extends Error {
  override readonly name = "Broken";
}

export function sorted(values: Iterable<string>): string[] {
  return [...values].toSorted();
}

export function expectSame(
  actual: Iterable<string>,
  expected: Iterable<string>,
  what: string,
): void {
  deepStrictEqual(sorted(actual), sorted(expected), what);
}

/**
 * Watches a registry: after each change nothing that the verdict needs has gone, and no tag that is left leads to
 * something that this run took away.
 */
export function watch(state: RepositoryState, verdict: Verdict): (mutation: Mutation) => void {
  const before = storeOf({
    ...state,
    tags: new Map(state.tags),
    manifests: new Map(state.manifests),
  });
  return ({ op, key, tags }) => {
    if (tags.length > 0 && tags.every(isOwn)) return;
    for (const tag of tags) {
      if (verdict.needed.has(tag)) throw new Broken(`${op} ${key} took ${tag}, which is needed`);
    }
    if (op !== "delete") return;
    if (verdict.reached.has(key)) throw new Broken(`${op} ${key} took what something kept reaches`);
    for (const [tag, digest] of state.tags) {
      const path = pathTo(before, digest, key, new Set());
      if (path) throw new Broken(`${op} ${key} (${tags.join()}) while ${tag} still leads to it`);
    }
  };
}

/** Whether an index leads to a manifest. */
function pathTo(store: Store, from: string, to: string, seen: Set<string>): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const children = readManifest(store, from)?.children ?? [];
  return children.some((child) => pathTo(store, child, to, seen));
}

/** What is left is what was there without what the run says it deleted, and every tag still means the same. */
export function expectTold(before: Store, after: Store, { deleted }: CleanupResult): void {
  const gone = new Set(deleted.map(({ tag }) => tag));
  expectSame(
    withoutOwn(after.tags.keys()),
    withoutOwn(before.tags.keys()).filter((tag) => !gone.has(tag)),
    "what is left is what was not reported as deleted",
  );
  expectUnmoved(before, after);
}

export function expectUnmoved(before: Store, after: Store): void {
  for (const [tag, digest] of after.tags) {
    if (isOwn(tag)) continue;
    if (before.tags.get(tag) !== digest)
      throw new Broken(`${tag} names another digest than before`);
    if (digestOf(before, tag) !== digestOf(after, tag))
      throw new Broken(`${tag} lost its manifest`);
  }
}

/** The record of a run itself, and its leases: what a run writes, and what it removes of its own. */
export function isOwn(tag: string): boolean {
  return tag === "cleanup" || tag.startsWith("tidemark-lease-");
}

export function withoutOwn(tags: Iterable<string>): string[] {
  return [...tags].filter((tag) => !isOwn(tag));
}

export function frozen(state: RepositoryState): Store {
  return {
    tags: new Map(state.tags),
    manifests: new Map(state.manifests),
    blobs: new Map(state.blobs),
  };
}

export { judge };
