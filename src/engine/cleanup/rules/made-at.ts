import type { Digest } from "../../../oci/digest.ts";
import type { Catalog } from "../catalog.ts";
import type { Facts, Need } from "../inventory.ts";
import { askBelow } from "./below.ts";

const DAY_MS = 86_400_000;

/** No image is older than the first program that wrote one; builds that repeat exactly write 1970 or 1980. */
const FIRST_IMAGE = Date.UTC(2013, 0, 1);

/** Source: OCI image specification, annotations. */
const CREATED = "org.opencontainers.image.created";

/**
 * When an image was made, in milliseconds since the epoch: the youngest push of any tag on it, else the youngest time
 * that it says of itself and that can be true. `undefined` when nothing tells, or something has to be read first.
 */
export function madeAt(
  digest: Digest,
  { byDigest }: Pick<Catalog, "byDigest">,
  facts: ReadonlyMap<Digest, Facts>,
  { now, needs }: { readonly now: number; readonly needs: Need[] },
): number | undefined {
  const pushes = (byDigest.get(digest) ?? []).flatMap(({ pushedAt }) => pushedAt ?? []);
  if (pushes.length > 0) return Math.max(...pushes);
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
