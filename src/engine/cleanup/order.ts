import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import type { Decision } from "./decision.ts";
import type { Ground } from "./deletions.ts";
import type { InventoryTag } from "./inventory.ts";
import { labelOf } from "./label.ts";
import { namesOf } from "./plan.ts";
import type { BecauseUntagged, DeletedTag, Deletion } from "./plan.ts";
import { isGoing } from "./ways.ts";
import type { Way } from "./ways.ts";

type Item = Omit<Deletion, "level">;

type Decisions = ReadonlyMap<string, Decision>;

/** The deletions in the order apply follows: whatever reaches an item goes before it, the youngest first. */
export function orderDeletions(
  decisions: Decisions,
  ways: ReadonlyMap<Digest, Way>,
  { catalog }: Ground,
): Deletion[] {
  const items: Item[] = [];
  const itemOf = new Map<string, Item>();
  for (const [digest, how] of ways) {
    if (typeof how !== "string") continue;
    for (const item of itemsOn(digest, how, decisions, catalog)) {
      items.push(item);
      for (const name of namesOf(item)) itemOf.set(name, item);
    }
  }
  const levels = new Map<Item, number>();
  const placed = items.map((item) => ({
    item: { ...item, level: levelOf(item, itemOf, levels) },
    builtAt: item.tags.reduce((at, { tag }) => Math.max(at, stageTime(catalog.tags.get(tag))), 0),
  }));
  placed.sort(
    (a, b) =>
      a.item.level - b.item.level ||
      b.builtAt - a.builtAt ||
      compare(firstName(a.item), firstName(b.item)),
  );
  return placed.map(({ item }) => item);
}

/** What goes of one digest: the manifest with its tags, or each tag by itself. */
function itemsOn(
  digest: Digest,
  how: "manifest" | "tag",
  decisions: Decisions,
  catalog: Catalog,
): Item[] {
  const entries = catalog.byDigest.get(digest);
  if (entries === undefined) return untaggedItem(digest, decisions);
  const going = entries.filter(({ tag }) => isGoing(decisions, tag));
  const groups = how === "manifest" ? [going] : going.map((entry) => [entry]);
  return groups.map((group) => describe(digest, how, group, { decisions, catalog }));
}

function untaggedItem(digest: Digest, decisions: Decisions): Item[] {
  const decision = decisions.get(digest);
  if (decision === undefined || !("because" in decision) || !isOfUntagged(decision.because)) {
    return [];
  }
  const after = decision.after.filter((name) => name !== digest && isGoing(decisions, name));
  return [{ digest, how: "manifest", tags: [], because: decision.because, after: unique(after) }];
}

function isOfUntagged(because: string): because is BecauseUntagged {
  return because === "untagged" || because === "orphan" || because === "subject-gone";
}

function describe(
  digest: Digest,
  how: "manifest" | "tag",
  entries: readonly InventoryTag[],
  { decisions, catalog }: { decisions: Decisions; catalog: Catalog },
): Item {
  const own = new Set(entries.length === 1 ? [] : entries.map(({ tag }) => tag));
  const after: string[] = [];
  const tags: DeletedTag[] = [];
  for (const entry of entries) {
    const decision = decisions.get(entry.tag);
    if (decision === undefined || "reasons" in decision) continue;
    for (const name of decision.after) {
      if (name !== entry.tag && !own.has(name) && isGoing(decisions, name)) after.push(name);
    }
    tags.push({ tag: entry.tag, class: labelOf(entry, catalog), because: decision.because });
  }
  return { digest, how, tags, after: unique(after) };
}

/** One more than the highest level of what has to go first. Chains are longer than a stack is deep. */
function levelOf(item: Item, itemOf: ReadonlyMap<string, Item>, levels: Map<Item, number>): number {
  const open: { readonly of: Item; readonly after: Iterator<string> }[] = [];
  const enter = (of: Item): void => {
    levels.set(of, 0);
    open.push({ of, after: of.after.values() });
  };
  if (!levels.has(item)) enter(item);
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const { done, value } = last.after.next();
    if (done === true) {
      open.pop();
      raise(open.at(-1)?.of, last.of);
      continue;
    }
    const first = itemOf.get(value);
    if (first === undefined) continue;
    if (levels.has(first)) raise(last.of, first);
    else enter(first);
  }
  return levels.get(item) ?? 0;

  function raise(it: Item | undefined, above: Item): void {
    if (it !== undefined)
      levels.set(it, Math.max(levels.get(it) ?? 0, (levels.get(above) ?? 0) + 1));
  }
}

function stageTime(entry: InventoryTag | undefined): number {
  return entry?.class.kind === "stage" ? entry.class.builtAt : 0;
}

function unique(names: readonly string[]): readonly string[] {
  return names.length > 1 ? [...new Set(names)].sort() : names;
}

function firstName(item: Item): string {
  return namesOf(item)[0] ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
