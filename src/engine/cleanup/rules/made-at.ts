import type { Digest } from "../../../oci/digest.ts";
import type { Facts, Need } from "../inventory.ts";
import { askBelow } from "./below.ts";

const DAY_MS = 86_400_000;

/** No image is older than the first program that wrote one; builds that repeat exactly write 1970 or 1980. */
const FIRST_IMAGE = Date.UTC(2013, 0, 1);

/** Source: OCI image specification, annotations. */
const CREATED = "org.opencontainers.image.created";

/**
 * When an image says that it was made, in milliseconds since the epoch, as far as that can be true: an index when its
 * youngest platform was. `undefined` when nothing tells, or something has to be read first.
 */
export function madeAt(
  digest: Digest,
  facts: ReadonlyMap<Digest, Facts>,
  { now, needs }: { readonly now: number; readonly needs: Need[] },
): number | undefined {
  const plausible = (text: string | undefined): string | undefined => {
    const time = Date.parse(text ?? "");
    return time >= FIRST_IMAGE && time <= now + DAY_MS ? text : undefined;
  };
  const { values, isUnreadable } = askBelow(digest, facts, needs, {
    annotations: (annotations) => plausible(annotations[CREATED]),
    image: ({ created }) => plausible(created),
  });
  if (isUnreadable || values.length === 0) return undefined;
  return Math.max(...values.map((text) => Date.parse(text)));
}
