import type { Decision } from "./decision.ts";
import type { CleanupInput } from "./inventory.ts";

/** Decides about a journal in the repository: it goes when it is old. One whose tag does not tell its time stays. */
export function decideJournal(
  { startedAt }: { readonly startedAt?: number },
  { journalKeepMs, now }: Pick<CleanupInput, "journalKeepMs" | "now">,
): Decision {
  const isOld =
    journalKeepMs !== undefined && startedAt !== undefined && now - startedAt > journalKeepMs;
  return isOld ? { because: "journal-old", after: [] } : { reasons: [{ kind: "service" }] };
}
