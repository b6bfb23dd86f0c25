import type { Digest } from "../oci/digest.ts";
import { SourceError } from "./source.ts";

/** Something in a directory or an archive that may be meant. */
export interface Candidate {
  /** Under which it can be asked for; several where it has several tags. */
  readonly names: readonly string[];
  /** What makes it another than the rest. */
  readonly id: string;
}

/** What the user asked for; empty: whatever is there. */
export interface Wanted {
  readonly name?: string;
  readonly digest?: Digest;
}

/** Most names that a message lists. */
const MAX_LISTED = 20;

/**
 * The one candidate of a name, or the only one there is. Throws `SourceError` that lists the names when there is none or
 * more than one.
 */
export function chooseOne<Found extends Candidate>(
  candidates: readonly Found[],
  name: string | undefined,
  isSame: (a: string, b: string) => boolean = (a, b) => a === b,
): Found {
  const matching =
    name === undefined
      ? candidates
      : candidates.filter(({ names }) => names.some((own) => isSame(own, name)));
  const [only] = matching;
  const different = new Set(matching.map(({ id }) => id)).size;
  if (only !== undefined && different === 1) return only;
  if (candidates.length === 0) throw new SourceError("holds no image");
  const listed = list(candidates.flatMap(({ names }) => names));
  if (name === undefined) {
    throw new SourceError(`holds ${different} images: say which one; it has ${listed}`);
  }
  if (only === undefined) throw new SourceError(`has no "${name}"; it has ${listed}`);
  throw new SourceError(`has ${different} images named "${name}": name one by its digest`);
}

function list(names: readonly string[]): string {
  const unique = [...new Set(names)].toSorted();
  if (unique.length === 0) return "no names: give a digest";
  const rest = unique.length - MAX_LISTED;
  const shown = unique.slice(0, MAX_LISTED).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
