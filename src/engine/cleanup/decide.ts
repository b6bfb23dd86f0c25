import type { Digest } from "../../oci/digest.ts";
import { stageRelations } from "../../stages/labels.ts";
import type { Catalog } from "./catalog.ts";
import type { Closure } from "./closure.ts";
import type { Decision } from "./decision.ts";
import type { CleanupInput, Facts, InventoryTag } from "./inventory.ts";
import { decideRecords } from "./records.ts";
import type { Roots } from "./roots.ts";

/** Everything the decisions stand on. */
export interface Findings {
  readonly input: CleanupInput;
  readonly catalog: Catalog;
  readonly roots: Roots;
  readonly closure: Closure;
  readonly facts: ReadonlyMap<Digest, Facts>;
}

/** Decides about every tag, as if a registry could remove any tag alone. */
export function decideTags(findings: Findings): Map<string, Decision> {
  const { input, roots, closure } = findings;
  const records = decideRecords(input, roots, closure);
  const parents = descendantsOf(findings);
  const decisions = new Map<string, Decision>();
  for (const entry of input.tags) {
    decisions.set(entry.tag, decideTag(entry, findings, { records, parents }));
  }
  return decisions;
}

interface Prepared {
  readonly records: ReadonlyMap<string, Decision>;
  /** What names a stage as its parent, import, dependency or child, by the stage's tag. */
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
      return { because, after: prepared.parents.get(entry.tag) ?? [] };
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
      return decideCustomTag(entry, findings);
    case "signature":
      return { reasons: [{ kind: "foreign" }] };
    case "managed-image":
    case "client-id":
    case "sync-server":
    case "last-cleanup":
    case "meta-repo-marker":
    case "journal":
      return { reasons: [{ kind: "service" }] };
  }
}

function decideCustomTag({ tag }: InventoryTag, { catalog }: Findings): Decision {
  const alias = catalog.aliases.get(tag);
  if (alias === undefined) return { reasons: [{ kind: "foreign" }] };
  return { because: "stage-gone", after: [alias.stageId] };
}

function decideCustomTagRecord({ tag }: InventoryTag, { catalog, closure }: Findings): Decision {
  const alias = catalog.aliasRecords.get(tag);
  if (alias === undefined) return { reasons: [{ kind: "unreadable" }] };
  if (closure.kept.has(alias.stageId)) return { reasons: [{ kind: "record", of: alias.stageId }] };
  return { because: "stage-gone", after: [alias.stageId, alias.tag] };
}

function decideImportRecord({ tag }: InventoryTag, { catalog, closure }: Findings): Decision {
  const found = catalog.imports.get(tag);
  if (found === undefined) return { reasons: [{ kind: "unreadable" }] };
  const { sourceStageId } = found;
  if (closure.kept.has(sourceStageId)) return { reasons: [{ kind: "record", of: sourceStageId }] };
  return { because: "source-gone", after: [sourceStageId] };
}

/** Which stages and indexes name a stage, as far as their manifests were read. */
function descendantsOf({ catalog, facts }: Findings): Map<string, string[]> {
  const descendants = new Map<string, string[]>();
  const add = (stageId: string, by: string): void => {
    if (stageId === by) return;
    const known = descendants.get(stageId);
    if (known === undefined) descendants.set(stageId, [by]);
    else known.push(by);
  };
  for (const [tag, { digest }] of catalog.stages) {
    const known = digest === undefined ? undefined : facts.get(digest);
    if (known?.kind === "index") {
      for (const child of known.children) {
        for (const entry of catalog.byDigest.get(child.digest) ?? []) add(entry.tag, tag);
      }
    }
    if (known?.kind === "image" && typeof known.image === "object") {
      const relations = stageRelations(known.image.labels);
      for (const id of [
        ...relations.parents,
        ...relations.importSources,
        ...relations.dependencies,
      ]) {
        add(id, tag);
      }
    }
  }
  return descendants;
}
