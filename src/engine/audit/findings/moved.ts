import type { Digest } from "../../../oci/digest.ts";
import type { TagLabel } from "../../cleanup/plan.ts";
import { NAMED_BY_PEOPLE } from "../ground.ts";
import type { Ground, Verdict } from "../ground.ts";
import type { Draft } from "./draft.ts";
import type { Release } from "./releases.ts";

/** Where the tags of a repository led in an earlier audit. */
export interface Earlier {
  /** RFC 3339. */
  readonly createdAt: string;
  readonly tags: readonly { readonly tag: string; readonly digest?: Digest }[];
}

/** Classes whose tags are written once. */
const FIXED: ReadonlySet<TagLabel> = new Set(["stage", "rejected", "image-metadata"]);

/** Tags that lead elsewhere than in an earlier audit, as far as they should not, or are names that people choose. */
export function findMoved(
  { input }: Pick<Ground, "input">,
  verdicts: ReadonlyMap<string, Verdict>,
  earlier: Earlier | undefined,
  releases: readonly Release[],
): readonly Draft[] {
  if (earlier === undefined) return [];
  const before = new Map(earlier.tags.map(({ tag, digest }) => [tag, digest]));
  const released = new Set(releases.map(({ tag }) => tag));
  const day = earlier.createdAt.slice(0, 10);
  return input.tags.flatMap(({ tag, digest }): Draft[] => {
    const known = before.get(tag);
    const label = verdicts.get(tag)?.class;
    if (known === undefined || digest === undefined || known === digest) return [];
    if (label === undefined || !(FIXED.has(label) || NAMED_BY_PEOPLE.has(label))) return [];
    const isFixed = FIXED.has(label) || released.has(tag);
    return [
      {
        rule: "moved-tag",
        severity: isFixed ? "error" : "note",
        subject: tag,
        message: `${tag} led to ${known} on ${day} and leads to ${digest} now.`,
      },
    ];
  });
}
