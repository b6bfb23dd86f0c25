import { classifyTag } from "../../stages/tag.ts";

/** A stage as its tag tells it. */
export interface Candidate {
  readonly stageId: string;
  /** Milliseconds since the epoch, by the clock of whoever published it. */
  readonly builtAt: number;
}

/** The stages in a listing of tags. */
export interface StageListing {
  /** By stage digest; in no particular order. */
  readonly stages: ReadonlyMap<string, readonly Candidate[]>;
  /** Stage ids that a marker says are broken. */
  readonly rejected: ReadonlySet<string>;
}

/** Finds the stages and the markers among tags; everything else is nobody's business here. */
export function readStageListing(tags: Iterable<string>): StageListing {
  const stages = new Map<string, Candidate[]>();
  const rejected = new Set<string>();
  for (const tag of tags) {
    const found = classifyTag(tag);
    if (found.kind === "rejected") rejected.add(found.stageId);
    if (found.kind !== "stage") continue;
    const digest = digestOfStage(tag);
    const siblings = stages.get(digest) ?? [];
    siblings.push({ stageId: tag, builtAt: found.builtAt });
    stages.set(digest, siblings);
  }
  return { stages, rejected };
}

/** The digest in a stage id. */
export function digestOfStage(stageId: string): string {
  return stageId.slice(0, stageId.indexOf("-"));
}

/** The same listing with no stages but those of the same digest that are older than one. */
export function stagesBefore({ stages, rejected }: StageListing, stageId: string): StageListing {
  const digest = digestOfStage(stageId);
  const older = (stages.get(digest) ?? []).filter((stage) => stage.stageId < stageId);
  return { stages: new Map([[digest, older]]), rejected };
}

/** When a stage was published, by its id. Milliseconds since the epoch. */
export function publicationTime(stageId: string): number {
  return Number(stageId.slice(stageId.indexOf("-") + 1));
}
