import type { Digest } from "../../../oci/digest.ts";
import { stageRelations } from "../../../stages/labels.ts";
import type { InventoryTag } from "../../cleanup/inventory.ts";
import type { ReasonKind } from "../../cleanup/reason.ts";
import { detailsOf } from "../content.ts";
import type { Ground, Verdict } from "../ground.ts";
import { stagesOn } from "../stage-links.ts";
import { count } from "./draft.ts";
import type { Draft } from "./draft.ts";

/** Reasons by which a stage may well have no record yet, or needs none. */
const EXCUSED: ReadonlySet<ReasonKind> = new Set(["built-recently", "lease", "keep-list"]);

export interface StageFaults {
  readonly drafts: readonly Draft[];
  /** Why stages without a record cannot be told. */
  readonly warning?: string;
}

/**
 * Stages that neither a record names nor anything with a record was made of. In a copy of another repository there are no
 * records.
 */
export function findStageFaults(
  ground: Ground,
  verdicts: ReadonlyMap<string, Verdict>,
): StageFaults {
  const { input, catalog } = ground;
  if (input.primary !== undefined || catalog.stages.size === 0) return { drafts: [] };
  if (!input.tags.some(({ class: { kind } }) => kind === "image-metadata")) {
    return { drafts: noRecords(ground) };
  }
  const { needed, unreadable } = findNeeded(ground);
  const lone = [...catalog.stages.keys()].filter(
    (stageId) =>
      !needed.has(stageId) &&
      !catalog.rejected.has(stageId) &&
      !isExcused(verdicts.get(stageId)) &&
      catalog.stages.get(stageId)?.digest !== undefined,
  );
  if (lone.length > 0 && unreadable !== undefined) {
    const told = count(lone.length, "stage without a record is", "stages without a record are");
    const warning = `${told} not reported: ${unreadable} cannot be read, so nobody knows what it was made from`;
    return { drafts: [], warning: `${ground.repository}: ${warning}` };
  }
  return {
    drafts: lone.map((stageId) => ({
      rule: "stage-without-record",
      subject: stageId,
      message: `No record names ${stageId}, and nothing that has a record was made from it.`,
    })),
  };
}

function noRecords({ catalog }: Ground): Draft[] {
  const stages = count(catalog.stages.size, "stage");
  return [
    {
      rule: "stage-without-record",
      severity: "warning",
      message: `The repository has ${stages} and not one record of an image at a commit.`,
      advice:
        "If the records lie elsewhere, name their repository with --meta-repo; if these are copies, audit them together with the repository they come from.",
    },
  ];
}

function isExcused(verdict: Verdict | undefined): boolean {
  return verdict?.verdict === "kept" && verdict.reasons.some(({ kind }) => EXCUSED.has(kind));
}

/** Every stage that a record leads to, by what it was made from too. `unreadable`: one of them that cannot be read. */
function findNeeded({ input, catalog, contents }: Ground): {
  readonly needed: ReadonlySet<string>;
  readonly unreadable?: string;
} {
  const needed = new Set<string>();
  let unreadable: string | undefined;
  const byChecksum = Map.groupBy(catalog.imports.values(), ({ checksum }) => checksum);
  const byConfig = stagesByConfig();
  for (const { class: known } of input.tags) {
    if (known.kind === "image-metadata") needed.add(known.stageId);
  }
  for (const { stageId } of catalog.customTags) needed.add(stageId);
  // A set yields what is added while it is read.
  for (const stageId of needed) {
    const entry = catalog.stages.get(stageId);
    if (entry?.digest !== undefined) follow(entry, entry.digest);
  }
  return { needed, ...(unreadable === undefined ? {} : { unreadable }) };

  function follow({ tag }: InventoryTag, digest: Digest): void {
    const content = contents.get(digest);
    if (content?.kind === "index") {
      const below = content.children.flatMap((child) => stagesOn(child.digest, catalog));
      for (const id of below) needed.add(id);
      return;
    }
    const labels = detailsOf(content)?.labels;
    if (labels === undefined) {
      unreadable = tag;
      return;
    }
    const relations = stageRelations(labels);
    const { parents, importSources, dependencies, importChecksums, parentConfig } = relations;
    for (const id of [...parents, ...importSources, ...dependencies]) needed.add(id);
    for (const checksum of importChecksums) {
      for (const { sourceStageId } of byChecksum.get(checksum) ?? []) needed.add(sourceStageId);
    }
    if (parentConfig !== undefined)
      for (const id of byConfig.get(parentConfig) ?? []) needed.add(id);
  }

  function stagesByConfig(): ReadonlyMap<Digest, readonly string[]> {
    const stages = new Map<Digest, string[]>();
    for (const [stageId, { digest }] of catalog.stages) {
      const config = digest === undefined ? undefined : contents.get(digest)?.config;
      if (config === undefined) continue;
      const known = stages.get(config);
      if (known === undefined) stages.set(config, [stageId]);
      else known.push(stageId);
    }
    return stages;
  }
}
