import type { Digest } from "../../../oci/digest.ts";
import { matchUsage } from "../../cleanup/usage-match.ts";
import type { Ground } from "../ground.ts";
import type { Draft } from "./draft.ts";
import { describeUses } from "./usage.ts";

const ADVICE =
  "Give it a tag that a policy keeps, or deploy an image that has one; until then remove nothing without a tag, here or by the registry's own garbage collection.";

/** Images of this repository that run by a digest to which no tag leads. Only what a listing without tags shows is known. */
export function findUntaggedUses(
  ground: Pick<Ground, "input" | "contents" | "untagged">,
): readonly Draft[] {
  const { input, untagged = [] } = ground;
  if (untagged.length === 0 || (input.usage ?? []).length === 0) return [];
  const { digests, ours } = matchUsage(input);
  const reached = reachedByTags(ground);
  return untagged.flatMap(({ digest }): Draft[] => {
    const [first, ...others] = ours.has(digest) ? (digests.get(digest) ?? []) : [];
    if (first === undefined || reached.has(digest)) return [];
    return [
      {
        rule: "in-use-unprotected",
        subject: digest,
        message: `${describeUses(first, others.length)} ${digest}, to which no tag leads.`,
        advice: ADVICE,
      },
    ];
  });
}

/** Manifests that tags lead to, by way of indexes too. */
function reachedByTags({
  input,
  contents,
}: Pick<Ground, "input" | "contents">): ReadonlySet<Digest> {
  const reached = new Set(input.tags.flatMap(({ digest }) => digest ?? []));
  // A set yields what is added while it is read.
  for (const digest of reached) {
    for (const child of contents.get(digest)?.children ?? []) reached.add(child.digest);
  }
  return reached;
}
