import type { Garbage } from "../registry/registry.ts";
import { counted, formatBytes } from "./format.ts";
import type { Freed } from "./freed.ts";

/**
 * What the number of freed bytes means, in sentences.
 *
 * @param garbage What the run itself removed, where the registry leaves that to it.
 */
export function freedSentence(
  { bytes, objects, shared, kept, unknownGoing, unknownKept }: Freed,
  dryRun: boolean,
  garbage?: Garbage,
): string {
  const unknown = unknownGoing + unknownKept;
  return [
    `${formatBytes(bytes)} in ${counted(objects, "blob and manifest", "blobs and manifests")} ${dryRun ? "would be" : "are"} free once the registry has collected its garbage, untagged manifests included; what several images share counts once.`,
    ...(shared === 0
      ? []
      : [`${formatBytes(shared)} more stay, since something kept holds them too.`]),
    ...(garbage === undefined
      ? []
      : [`Of unused blobs ${formatBytes(garbage.bytes)} are removed already.`]),
    `What stays holds ${formatBytes(kept)}.`,
    ...(unknown === 0
      ? []
      : [
          `${counted(unknown, "manifest")} could not be read and ${unknown === 1 ? "is" : "are"} not counted.`,
        ]),
  ].join(" ");
}
