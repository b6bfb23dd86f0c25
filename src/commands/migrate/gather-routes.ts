import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { placeTag } from "../../engine/migrate/names.ts";
import type { Naming, Place } from "../../engine/migrate/names.ts";
import type { LeftBecause } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { mapParallel } from "../parallel.ts";
import type { Going } from "./gather-closure.ts";
import type { SourceTag } from "./gather-tags.ts";
import type { TargetBook } from "./target-book.ts";
import type { TargetPlaces } from "./target-places.ts";

/** A tag that is to be copied. */
export interface Candidate {
  readonly entry: SourceTag;
  readonly label: TagLabel;
}

/** A tag with where it goes, or why it does not. */
export type Route = Candidate &
  ({ readonly target: TargetBook; readonly going: Going } | { readonly why: LeftBecause });

export interface RouteOptions {
  readonly naming: Naming;
  readonly places: TargetPlaces;
  readonly overwrite: boolean;
  readonly parallel: number;
}

/**
 * Finds where tags go and what is there already. Of two that would have one name the first has it; in a source that is read
 * in one order that is always the same one.
 */
export async function findRoutes(
  tags: readonly Candidate[],
  { naming, places, overwrite, parallel }: RouteOptions,
): Promise<readonly Route[]> {
  const reserved = tags.map(({ entry, label }) => ({ entry, label, found: reserve(entry, label) }));
  return mapParallel(reserved, parallel, async ({ entry, label, found }): Promise<Route> => {
    if ("kind" in found) return { entry, label, why: found };
    const { place, digest } = found;
    const target = await places.open(place.repository);
    const there = await target.digestOf(place.tag);
    if (there !== undefined && there !== digest && !overwrite) {
      return { entry, label, why: { kind: "taken", by: there } };
    }
    const { tag, mediaType } = entry;
    const going: Going = {
      tag,
      as: place.tag,
      class: label,
      digest,
      there: there === undefined ? "missing" : there === digest ? "present" : "differs",
      ...(mediaType === undefined ? {} : { mediaType }),
    };
    return { entry, label, target, going };
  });

  function reserve(
    { tag, digest }: SourceTag,
    label: TagLabel,
  ): { readonly place: Place; readonly digest: Digest } | LeftBecause {
    if (digest === undefined) return { kind: "dangling" };
    const place = placeTag(tag, label, naming);
    if ("rule" in place) return { kind: "unnameable", rule: place.rule };
    const rule = places.ruleAgainst(place.repository);
    if (rule !== undefined) return { kind: "unnameable", rule };
    const other = places.reserve(place.repository, place.tag, digest);
    return other === undefined ? { place, digest } : { kind: "taken", by: other };
  }
}
