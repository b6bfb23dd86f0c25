import type { CleanupResult } from "../commands/cleanup/result.ts";
import { nameOf } from "../commands/cleanup/result.ts";
import { namesOf } from "../engine/cleanup/plan.ts";
import type { Digest } from "../oci/digest.ts";
import type { Sides } from "./freed.ts";

/** Manifests that go, or went, and those that stay. */
export function sidesOf({ plan, kept, deleted, dryRun }: CleanupResult): Sides {
  const gone = new Set(deleted.filter(({ how }) => how === "manifest").map(nameOf));
  const going = new Set<Digest>();
  const staying = new Set<Digest>(
    kept.flatMap(({ digest }) => (digest === undefined ? [] : [digest])),
  );
  for (const { digest } of plan.keptManifests ?? []) staying.add(digest);
  for (const { digest, how, tags } of plan.deletions) {
    const goes =
      how === "manifest" && (dryRun || namesOf({ digest, tags }).every((name) => gone.has(name)));
    (goes ? going : staying).add(digest);
  }
  for (const digest of staying) going.delete(digest);
  return { going, staying };
}
