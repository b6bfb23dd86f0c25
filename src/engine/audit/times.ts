import type { InventoryTag } from "../cleanup/inventory.ts";
import { detailsOf } from "./content.ts";
import type { Content } from "./content.ts";
import type { Ground } from "./ground.ts";
import { stageBehind } from "./stage-links.ts";

/** When tags were built, in milliseconds since the epoch; `undefined` where nothing tells. */
export interface Times {
  /** By the tag of a stage, else by the config; for an index by its youngest child; for what is about a stage by that. */
  builtAt(entry: InventoryTag): number | undefined;
  /** When it came: its push, else when it was built. */
  cameAt(entry: InventoryTag): number | undefined;
}

export function findTimes({ catalog, contents }: Pick<Ground, "catalog" | "contents">): Times {
  const cameAt = (entry: InventoryTag): number | undefined => entry.pushedAt ?? timeOf(entry);
  return { builtAt, cameAt };

  function builtAt({ class: known, digest }: InventoryTag): number | undefined {
    if (known.kind === "stage") return dateOrNothing(known.builtAt);
    const content = digest === undefined ? undefined : contents.get(digest);
    return content === undefined ? undefined : createdAt(content);
  }

  /** What is about a stage, or about another manifest, came with that. */
  function timeOf(entry: InventoryTag): number | undefined {
    const built = builtAt(entry);
    if (built !== undefined) return built;
    const about = subjectOf(entry);
    return about === undefined || about.tag === entry.tag ? undefined : builtAt(about);
  }

  function subjectOf(entry: InventoryTag): InventoryTag | undefined {
    const { class: known } = entry;
    if (known.kind === "signature") return catalog.byDigest.get(known.subject)?.[0];
    const stageId = stageBehind(entry, catalog);
    return stageId === undefined ? undefined : catalog.stages.get(stageId);
  }

  /** Of an index: of its youngest child; indexes below it do not count. */
  function createdAt(content: Content): number | undefined {
    if (content.kind !== "index") return parsed(detailsOf(content)?.created);
    let youngest: number | undefined;
    for (const { digest } of content.children) {
      const created = parsed(detailsOf(contents.get(digest))?.created);
      if (created !== undefined) youngest = Math.max(youngest ?? created, created);
    }
    return youngest;
  }
}

function parsed(text: string | undefined): number | undefined {
  return text === undefined ? undefined : dateOrNothing(Date.parse(text));
}

/** A builder that wants images to be the same whenever they are built writes the epoch: that tells nothing. */
function dateOrNothing(time: number): number | undefined {
  return Number.isNaN(new Date(time).getTime()) || time <= 0 ? undefined : time;
}
