import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import { isMoved } from "./closure.ts";
import type { Closure } from "./closure.ts";
import type { Decision } from "./decision.ts";
import type { CleanupInput, Facts, InventoryTag } from "./inventory.ts";
import { decideJournal } from "./journals.ts";
import { decideLease } from "./leases.ts";
import { findParents } from "./parents.ts";
import { decideRecords } from "./records.ts";
import { decideImageName, decideProjectRecord } from "./service.ts";
import type { ProjectRecords } from "./service.ts";
import type { Roots } from "./roots.ts";
import type { Untagged } from "./untagged.ts";

/** Everything the decisions stand on. */
export interface Findings {
  readonly input: CleanupInput;
  readonly catalog: Catalog;
  readonly roots: Roots;
  readonly closure: Closure;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly untagged: Untagged;
}

/** Decides about every tag, as if a registry could remove any tag alone. */
export function decideTags(findings: Findings): Map<string, Decision> {
  const { input, roots, closure } = findings;
  const records = decideRecords(input, roots, closure);
  const parents = findParents(findings);
  const stageIds = [...findings.catalog.stages.keys()];
  const goingStages = input.purge === true ? stageIds.filter((id) => !closure.kept.has(id)) : [];
  const isEmptied = goingStages.length === stageIds.length;
  const prepared: Prepared = { input, records, parents, goingStages, isEmptied };
  const decisions = new Map<string, Decision>();
  for (const entry of input.tags) {
    decisions.set(entry.tag, decideTag(entry, findings, prepared));
  }
  return decisions;
}

interface Prepared extends ProjectRecords {
  /** What leads to a tag's content, by tag: that has to go first. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

function decideTag(entry: InventoryTag, findings: Findings, prepared: Prepared): Decision {
  const { catalog, closure } = findings;
  const reasons = closure.kept.get(entry.tag);
  if (reasons !== undefined) return { reasons };
  if (entry.digest === undefined) return { reasons: [{ kind: "unreadable" }] };
  switch (entry.class.kind) {
    case "stage":
    case "index": {
      if (!catalog.stages.has(entry.tag)) return { reasons: [{ kind: "foreign" }] };
      const because = catalog.rejected.has(entry.tag) ? "rejected" : "unneeded";
      const parents = prepared.parents.get(entry.tag) ?? [];
      return { because, after: [...parents, ...leavingFirst(entry.tag, findings)] };
    }
    case "image-metadata":
      return prepared.records.get(entry.tag) ?? { reasons: [{ kind: "unreadable" }] };
    case "rejected": {
      const { stageId } = entry.class;
      return closure.kept.has(stageId)
        ? { reasons: [{ kind: "rejected-but-needed", of: stageId }] }
        : { because: "stage-gone", after: [stageId] };
    }
    case "custom-tag-metadata":
      return decideCustomTagRecord(entry, findings);
    case "import-metadata":
      return decideImportRecord(entry, findings);
    case "foreign":
      return decideForeign(entry, findings, prepared);
    case "signature":
      return { reasons: [{ kind: "foreign" }] };
    case "lease":
      return decideLease(entry, findings.input.leases ?? []);
    case "journal":
      return decideJournal(entry.class, findings.input);
    case "managed-image":
      return decideImageName(entry.class.imageName, prepared);
    case "client-id":
    case "sync-server":
    case "last-cleanup":
    case "meta-repo-marker":
      return decideProjectRecord(prepared);
  }
}

function decideForeign(
  { tag }: InventoryTag,
  { input, catalog, roots }: Findings,
  { parents }: Prepared,
): Decision {
  if (catalog.claims.has(tag)) {
    const why = roots.claims.unknown.has(tag) ? "unknown-commit" : "unneeded";
    return { because: input.purge === true ? "purged" : why, after: parents.get(tag) ?? [] };
  }
  const alias = catalog.aliases.get(tag);
  if (alias === undefined) return { reasons: [{ kind: "foreign" }] };
  return { because: "stage-gone", after: parents.get(tag) ?? [] };
}

/**
 * What tells of a stage and has to go before it: its custom tags, and the records of custom tags that somebody moved. Such
 * a record, left without its stage, would look as if the custom tag were still the stage's. A custom tag on its manifest
 * whose own stage is gone goes before it too: without the stage's tag nothing may prove any more whose it is.
 */
function leavingFirst(stageId: string, { catalog, closure }: Findings): string[] {
  const digest = catalog.stages.get(stageId)?.digest;
  const beside = digest === undefined ? [] : (catalog.byDigest.get(digest) ?? []);
  const abandoned = beside.filter(({ tag }) => {
    const alias = catalog.aliases.get(tag);
    return alias !== undefined && !catalog.stages.has(alias.stageId);
  });
  const own = (catalog.aliasesOf.get(stageId) ?? []).map((alias) =>
    isMoved(alias, closure) ? alias.record : alias.tag,
  );
  return [...own, ...abandoned.map(({ tag }) => tag)];
}

function decideCustomTagRecord({ tag }: InventoryTag, { catalog, closure }: Findings): Decision {
  const alias = catalog.aliasRecords.get(tag);
  if (alias === undefined) return { reasons: [{ kind: "unreadable" }] };
  if (closure.kept.has(alias.stageId)) return { reasons: [{ kind: "record", of: alias.stageId }] };
  const after = isMoved(alias, closure) ? [] : [alias.stageId, alias.tag];
  return { because: "stage-gone", after };
}

function decideImportRecord({ tag }: InventoryTag, { catalog, closure }: Findings): Decision {
  const found = catalog.imports.get(tag);
  if (found === undefined) return { reasons: [{ kind: "unreadable" }] };
  const { sourceStageId } = found;
  if (closure.kept.has(sourceStageId)) return { reasons: [{ kind: "record", of: sourceStageId }] };
  return { because: "source-gone", after: [sourceStageId] };
}
