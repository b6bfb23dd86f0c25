import type { Reason } from "../../engine/cleanup/reason.ts";
import type { Digest } from "../../oci/digest.ts";
import { nameOf } from "../cleanup/result.ts";
import type { CleanupResult, Skipped } from "../cleanup/result.ts";
import type { Removal } from "./result.ts";

/** What was to go, and what of it turned out otherwise than proved. */
interface Proofs {
  readonly proved: ReadonlyMap<string, Digest>;
  readonly unproved: ReadonlySet<string>;
}

/** Of a source that nothing was taken from. */
export const NOTHING_REMOVED: Removal = {
  deleted: [],
  kept: [],
  failed: [],
  journals: [],
  warnings: [],
};

/** What a carried out plan means for the tags that were to go. */
export function removalOf(
  { plan, deleted, failed, skipped, remaining = [], warnings, brokeOff, journal }: CleanupResult,
  { proved, unproved }: Proofs,
): Removal {
  const gone = deleted.map(nameOf).filter((name) => proved.has(name));
  const untried = remaining.map((entry) => ({
    tag: nameOf(entry),
    message: `it was not tried: ${brokeOff ?? "the run broke off"}`,
  }));
  const failures = [
    ...failed.map((entry) => ({ tag: nameOf(entry), message: entry.message })),
    ...untried,
  ];
  const left = skipped.map((entry) => ({ tag: nameOf(entry), why: whySkipped(entry) }));
  const kept = plan.kept.flatMap(({ tag, reasons: [reason] }) =>
    proved.has(tag) && reason !== undefined
      ? [{ tag, why: unproved.has(tag) ? CHANGED : whyKept(reason) }]
      : [],
  );
  return {
    deleted: gone.toSorted(),
    kept: [...kept, ...left].toSorted(byTag),
    failed: failures.toSorted(byTag),
    journals: journal === undefined ? [] : [journal],
    warnings,
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

const CHANGED = "it, or what would go with it, is not what was proved any more";

function whySkipped({ why, message }: Skipped): string {
  switch (why) {
    case "changed":
      return "it, or what needs it, changed meanwhile";
    case "still-needed":
      return "what reaches it could not be removed";
    case "refused":
      return message ?? "a rule of the registry keeps it";
  }
}

function whyKept(reason: Reason): string {
  switch (reason.kind) {
    case "in-use": {
      const place = reason.namespace === "" ? "" : `, namespace ${reason.namespace}`;
      return `${reason.object} uses it as ${reason.image} in cluster ${reason.cluster}${place}`;
    }
    case "lease":
      return `${reason.holder} said that it is about to use it, until ${reason.until}`;
    case "shared-digest":
      return `the registry cannot remove it without ${reason.of}`;
    case "moved":
      return `it was moved away from ${reason.of}, so it is not the project's to remove`;
    case "keep-list":
      return "a record of it, or what it is about, was not copied and stays";
    case "foreign":
      return "nothing proves that it is the project's";
    case "unreadable":
      return "it cannot be read";
    default:
      return "of" in reason ? `${reason.of}, which stays, needs it` : `it stays: ${reason.kind}`;
  }
}

export function byTag(a: { readonly tag: string }, b: { readonly tag: string }): number {
  if (a.tag === b.tag) return 0;
  return a.tag < b.tag ? -1 : 1;
}
