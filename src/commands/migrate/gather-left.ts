import type { TagLabel } from "../../engine/cleanup/plan.ts";
import type { LeftBecause, LeftTag } from "../../engine/migrate/plan.ts";
import type { Home } from "../cleanup/homes.ts";
import type { SourceTag } from "./gather-tags.ts";

/** What is not copied, by where it lies. */
export interface LeftTags {
  add(entry: SourceTag, label: TagLabel, why: LeftBecause): void;
  /** Sorted by tag. */
  of(home: Home): readonly LeftTag[];
}

export function createLeftTags(): LeftTags {
  const byHome = new Map<Home, LeftTag[]>();
  return {
    add({ tag, digest, home }, label, why) {
      const known = byHome.get(home) ?? [];
      byHome.set(home, known);
      known.push({ tag, ...(digest === undefined ? {} : { digest }), class: label, why });
    },
    of: (home) => (byHome.get(home) ?? []).toSorted((a, b) => (a.tag < b.tag ? -1 : 1)),
  };
}
