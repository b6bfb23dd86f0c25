import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import { formatRepository } from "../../oci/reference.ts";
import { managedImageTag } from "../../stages/tag.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import type { Home } from "../cleanup/homes.ts";

/** The plan that removes the records of names. Throws `UsageError` when one of them is not recorded, or cannot go alone. */
export async function planRemoval(
  { project, names }: { readonly project: string; readonly names: readonly string[] },
  { registry, repository }: Home,
  tags: readonly InventoryTag[],
  { now, signal }: CommandDeps,
): Promise<CleanupPlan> {
  const byTag = new Map(tags.map((entry) => [entry.tag, entry]));
  const missing = names.filter((name) => byTag.get(managedImageTag(name))?.digest === undefined);
  if (missing.length > 0) {
    throw new UsageError(
      `${formatRepository(repository)} has no record of ${missing.map(shown).join(", ")}; \`tidemark managed-images ls\` lists the names`,
    );
  }
  const going = new Set(names.map(managedImageTag));
  const deletions: Deletion[] = [];
  for (const [digest, entries] of Map.groupBy(tags, ({ digest }) => digest)) {
    const leaving = entries.filter(({ tag }) => going.has(tag));
    if (digest === undefined || leaving.length === 0) continue;
    const isWhole =
      leaving.length === entries.length && registry.capabilities.manifestDeletion !== "none";
    const item = { digest, level: 0, after: [] };
    const deleted = leaving.map(
      ({ tag }) => ({ tag, class: "managed-image", because: "asked" }) as const,
    );
    if (isWhole) deletions.push({ ...item, how: "manifest", tags: deleted });
    else {
      const { tagDeletion } = await registry.learn(repository, { signal });
      if (tagDeletion === "none") throw new UsageError(sharedRecord(leaving, entries));
      deletions.push(...deleted.map((tag) => ({ ...item, how: "tag", tags: [tag] }) as const));
    }
  }
  const createdAt = now().toISOString();
  const base = { kind: "cleanup", schema: 1, warnings: [], references: {} } as const;
  return { ...base, repository, project, createdAt, deletions, kept: keptOf(tags, going) };
}

/** What else there is, so that it is put back if it goes along with a tag. */
function keptOf(tags: readonly InventoryTag[], going: ReadonlySet<string>): CleanupPlan["kept"] {
  return tags.flatMap(({ tag, digest, class: { kind } }) =>
    going.has(tag) || digest === undefined
      ? []
      : [{ tag, digest, class: kind, reasons: [{ kind: "service" } as const] }],
  );
}

function sharedRecord(leaving: readonly InventoryTag[], entries: readonly InventoryTag[]): string {
  const name = leaving.map(({ tag }) => tag).join(", ");
  const others = entries.filter((entry) => !leaving.includes(entry)).map(({ tag }) => tag);
  return `${name} cannot be removed: the registry would remove ${others.join(", ")} with it`;
}

function shown(name: string): string {
  return name === "" ? "the nameless image" : `"${name}"`;
}
