import fc from "fast-check";
import { MODES } from "./modes.ts";
import { worldSpec } from "./spec.ts";

const place = fc.nat(40);
const hoursAgo = fc.constantFrom(0, 1, 24, 100, 100, 400);
/** What something new points at: any manifest by its place, or one of a kind. */
export const target = fc.record({
  among: fc.constantFrom("stages", "stages", "tagged", "untagged", "indexes", "any", "added"),
  at: place,
});

/** Indexes in indexes; the innermost names the target. */
const tower = fc.record({
  of: target,
  depth: fc.integer({ min: 1, max: 4 }),
  beside: fc.option(target, { nil: undefined }),
  leafHoursAgo: fc.option(hoursAgo, { nil: undefined }),
  tag: fc.constantFrom("id", "id", "foreign", "claimed", "none"),
  /** Whether an index in the middle has a tag of its own. */
  isTaggedBetween: fc.boolean(),
});

const referrer = fc.record({
  of: target,
  isThere: fc.nat(7).map((roll) => roll !== 0),
  form: fc.constantFrom("untagged", "untagged", "fallback", ".sig", "tagged", "claimed"),
  hoursAgo,
});

const loose = fc.record({
  kind: fc.constantFrom("image", "stage", "index"),
  of: target,
  hoursAgo,
});

const claimed = fc.record({
  rule: fc.constantFrom("build-web", "build-web", "build-api", "nightly", "pr", "rev", "rev"),
  on: fc.constantFrom("own", "own", "own", "other"),
  of: target,
  /** `none` or `lost`: no commit, or one that nobody has. */
  commit: fc.oneof(
    { weight: 5, arbitrary: fc.nat(15) },
    { weight: 1, arbitrary: fc.constantFrom("none", "lost") },
  ),
  isShort: fc.boolean(),
  hoursAgo,
});

export const use = fc.record({
  what: fc.constantFrom("tag", "tag", "digest", "digest", "config"),
  of: target,
  address: fc.constantFrom("own", "own", "alias", "mirror", "bare", "other"),
});

const lease = fc.record({
  stages: fc.array(place, { minLength: 1, maxLength: 2 }),
  state: fc.constantFrom("live", "live", "ended", "dead"),
});

/** A world with everything that a cleanup may be asked, and a registry of any kind. */
export function wideSpec(size: "usual" | "small") {
  const most = (count: number): fc.ArrayConstraints => ({ maxLength: count, size: "max" });
  return fc.record({
    world: worldSpec(size),
    mode: fc.constantFrom(...MODES),
    parallel: fc.constantFrom(1, 1, 3),
    towers: fc.array(tower, most(3)),
    referrers: fc.array(referrer, most(5)),
    loose: fc.array(loose, most(3)),
    claimed: fc.array(claimed, most(6)),
    rules: fc.subarray(["builds", "nightly", "previews", "revisions"] as const),
    uses: fc.array(use, most(2)),
    leases: fc.array(lease, most(1)),
    deleteUntagged: fc.boolean(),
    deleteOrphans: fc.boolean(),
    untaggedHours: fc.constantFrom(undefined, undefined, 0, 30),
  });
}

export type WideSpec = ReturnType<typeof wideSpec> extends fc.Arbitrary<infer Spec> ? Spec : never;
