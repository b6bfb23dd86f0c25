import type { TagLabel } from "../engine/cleanup/plan.ts";
import { describeBecause, describeReason } from "./describe-reason.ts";
import type { Entry } from "./entry.ts";

/** Why an entry stays or goes, in sentences, what happened first. */
export function sentencesOf({ reasons, because, how, problem, code, status }: Entry): string[] {
  const happened =
    problem === undefined ? [] : [code === undefined ? problem : `${code}: ${problem}`];
  const whole = how === "tag" ? ", alone: its manifest stays" : "";
  const planned = status === "deleted" ? "" : "was to go: ";
  return [
    ...happened,
    ...reasons.map(describeReason),
    ...(because === undefined ? [] : [`${planned}${describeBecause(because)}${whole}`]),
  ];
}

/** What a single tag is. */
export const CLASS_NAMES: Readonly<Record<TagLabel, string>> = {
  stage: "stage",
  index: "multi-platform index",
  "custom-tag": "custom tag",
  image: "image that a rule claims",
  "image-metadata": "image metadata",
  "managed-image": "image name",
  "custom-tag-metadata": "record of a custom tag",
  "import-metadata": "record of an import",
  rejected: "rejected marker",
  "client-id": "client id",
  "sync-server": "record of the lock server",
  "last-cleanup": "record of the last cleanup",
  "meta-repo-marker": "marker of another repository",
  journal: "journal",
  lease: "lease",
  signature: "signature or referrer",
  untagged: "untagged manifest",
  foreign: "foreign tag",
};
