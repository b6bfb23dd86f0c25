import { counted, formatBytes } from "./format.ts";
import type { Freed } from "./freed.ts";

/** What the number of freed bytes means, in sentences. */
export function freedSentence(
  { bytes, objects, shared, kept, unknownGoing, unknownKept }: Freed,
  dryRun: boolean,
): string {
  const unknown = unknownGoing + unknownKept;
  return [
    `${formatBytes(bytes)} in ${counted(objects, "blob and manifest", "blobs and manifests")} ${dryRun ? "would be" : "are"} free once the registry has collected its garbage, untagged manifests included; what several images share counts once.`,
    ...(shared === 0
      ? []
      : [`${formatBytes(shared)} more stay, since something kept holds them too.`]),
    `What stays holds ${formatBytes(kept)}.`,
    ...(unknown === 0
      ? []
      : [
          `${counted(unknown, "manifest")} could not be read and ${unknown === 1 ? "is" : "are"} not counted.`,
        ]),
  ].join(" ");
}
