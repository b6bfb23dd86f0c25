import type { Digest } from "../../../oci/digest.ts";
import type { Annotations, Facts, ImageFacts, Need } from "../inventory.ts";

/** What an image or an index says, its own annotations first, then what is below it. */
export interface Said {
  /** Values of what was asked for, each once. */
  readonly values: readonly string[];
  /** Whether something that may say more cannot be read. */
  readonly isUnreadable: boolean;
}

/**
 * Asks a manifest, through indexes of any depth, for something that an annotation or the image config may say. Where an
 * annotation says it, nothing below is asked. What has to be read first goes into `needs`.
 *
 * A child that is not there, and one that no platform runs, says nothing.
 */
export function askBelow(
  digest: Digest,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
  question: {
    readonly annotations: (annotations: Annotations) => string | undefined;
    readonly image: (image: ImageFacts) => string | undefined;
  },
): Said {
  const values = new Set<string>();
  let isUnreadable = false;
  const visited = new Set<Digest>();
  const open = [digest];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (visited.has(next)) continue;
    visited.add(next);
    const known = facts.get(next);
    if (known === undefined) {
      needs.push({ digest: next, config: false });
      continue;
    }
    if (known.kind === "absent" || known.kind === "unreadable") {
      isUnreadable ||= known.kind === "unreadable" || next === digest;
      continue;
    }
    const said = question.annotations(known.annotations ?? {});
    if (said !== undefined) {
      values.add(said);
    } else if (known.kind === "index") {
      for (const child of known.children) if (child.runs !== false) open.push(child.digest);
    } else if (known.image === undefined) {
      needs.push({ digest: next, config: true });
    } else if (known.image === "unreadable") {
      isUnreadable = true;
    } else {
      const inConfig = question.image(known.image);
      if (inConfig !== undefined) values.add(inConfig);
    }
  }
  return { values: [...values], isUnreadable };
}
