import { murmurHash } from "../../stages/hash.ts";
import type { Decision } from "./decision.ts";
import type { CleanupInput } from "./inventory.ts";

/** What decisions about records of the whole project stand on. */
export interface ProjectRecords {
  readonly input: CleanupInput;
  /** What becomes of the records that tie stages to commits, by tag. */
  readonly records: ReadonlyMap<string, Decision>;
  /** Stages and indexes that go; those that stay make a purge leave what the project needs as a whole. */
  readonly goingStages: readonly string[];
  readonly isEmptied: boolean;
}

/**
 * Decides about the record of an image name: it goes when the name is retired, and in a purge when no record of that image
 * stays; after the records of its image, so that a run that broke off is taken up again by the next one.
 */
export function decideImageName(imageName: string, found: ProjectRecords): Decision {
  const { input, records, goingStages } = found;
  const hash = murmurHash(imageName);
  const own = input.tags.filter(
    ({ class: known }) => known.kind === "image-metadata" && known.nameHash === hash,
  );
  const stays = own.find(({ tag }) => isStaying(records.get(tag)));
  if (input.retired?.has(hash) === true) {
    return { because: "retired", after: own.map(({ tag }) => tag) };
  }
  if (input.purge !== true) return { reasons: [{ kind: "service" }] };
  if (stays !== undefined) return { reasons: [{ kind: "record", of: stays.tag }] };
  return { because: "purged", after: [...goingStages, ...own.map(({ tag }) => tag)] };
}

/** Decides about a record of the whole project, as the one of the last cleanup: it goes in a purge that leaves no stage. */
export function decideProjectRecord({ input, goingStages, isEmptied }: ProjectRecords): Decision {
  if (input.purge === true && isEmptied) {
    return { because: "purged", after: goingStages };
  }
  return { reasons: [{ kind: "service" }] };
}

function isStaying(decision: Decision | undefined): boolean {
  return decision !== undefined && "reasons" in decision;
}
