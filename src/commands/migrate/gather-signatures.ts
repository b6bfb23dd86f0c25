import type { Digest } from "../../oci/digest.ts";
import type { Going } from "./gather-closure.ts";
import type { LeftTags } from "./gather-left.ts";
import { findRoutes } from "./gather-routes.ts";
import type { RouteOptions } from "./gather-routes.ts";
import type { SourceBook } from "./gather-source.ts";
import type { SourceTag } from "./gather-tags.ts";
import type { TargetBook } from "./target-book.ts";

/** The tags of a source that are about other digests. */
export interface Signatures {
  readonly bySubject: ReadonlyMap<Digest, readonly SourceTag[]>;
  /**
   * Finds where some of them stand in a repository of the target, each once. Those that cannot be there are left.
   */
  placeIn(target: TargetBook, some: readonly SourceTag[]): Promise<readonly Going[]>;
  /** Those that nobody has placed anywhere. */
  unplaced(): readonly SourceTag[];
}

export function createSignatures(
  entries: readonly SourceTag[],
  options: Omit<RouteOptions, "naming"> & { readonly book: SourceBook; readonly left: LeftTags },
): Signatures {
  const { book, left } = options;
  const bySubject = new Map<Digest, SourceTag[]>();
  for (const entry of entries) {
    if (entry.class.kind !== "signature") continue;
    const others = bySubject.get(entry.class.subject);
    if (others === undefined) bySubject.set(entry.class.subject, [entry]);
    else others.push(entry);
  }
  const placed = new Map<string, Set<TargetBook>>();
  const resolved = new Map<string, SourceTag>();
  return {
    bySubject,
    async placeIn(target, some) {
      const fresh = some.filter(({ tag }) => placed.get(tag)?.has(target) !== true);
      for (const { tag } of fresh) {
        placed.set(tag, (placed.get(tag) ?? new Set<TargetBook>()).add(target));
      }
      await resolve(target, fresh);
      const tags = fresh.map((entry) => ({
        entry: resolved.get(entry.tag) ?? entry,
        label: "signature" as const,
      }));
      const naming = { kind: "same", to: target.repository } as const;
      const routes = await findRoutes(tags, { ...options, naming });
      return routes.flatMap((route) => {
        if ("going" in route) return [route.going];
        left.add(route.entry, route.label, route.why);
        return [];
      });
    },
    unplaced: () => entries.filter(({ tag }) => !placed.has(tag)),
  };

  async function resolve(target: TargetBook, some: readonly SourceTag[]): Promise<void> {
    const asked = some.filter(({ tag, digest }) => digest === undefined && !resolved.has(tag));
    const [first] = asked;
    if (first === undefined) return;
    const found = await book.resolve(first.home, asked, (tag) => !target.listing.has(tag));
    for (const entry of found) resolved.set(entry.tag, { ...entry, home: first.home });
  }
}
