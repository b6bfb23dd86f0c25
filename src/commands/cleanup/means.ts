import type { DeletionMeans } from "../../engine/cleanup/deletions.ts";
import type { Capabilities } from "../../registry/capabilities.ts";
import type { CommandDeps } from "../deps.ts";
import type { Home } from "./homes.ts";

/** What a registry can remove, as far as it is known by now. */
export interface KnownMeans {
  current(): DeletionMeans;
  /**
   * Finds out what the record leaves open.
   *
   * @param only That alone. Absent: everything.
   */
  learn(only?: "referrers"): Promise<void>;
}

export function createMeans(
  { registry, repository }: Home,
  { signal }: Pick<CommandDeps, "signal">,
): KnownMeans {
  let capabilities = registry.capabilities;
  return {
    current: () => meansOf(capabilities),
    async learn(only) {
      const question = only === undefined ? { signal } : { only, signal };
      const learned = await registry.learn(repository, question);
      const found = only === undefined ? learned : referrersOf(learned);
      capabilities = { ...capabilities, ...found };
    },
  };
}

export function meansOf(capabilities: Capabilities): DeletionMeans {
  const { tagDeletion, manifestDeletion, lastTagTakesManifest } = capabilities;
  const { deletionCascade: cascade, referrers } = capabilities;
  return {
    cascade,
    referrers,
    lastTagTakesManifest,
    tagAlone: tagDeletion === "probe" ? undefined : tagDeletion !== "none",
    manifest: manifestDeletion !== "none",
  };
}

/** What was found out about referrers alone; what nobody can find out is nothing to ask for. */
function referrersOf({ referrers }: Capabilities): Pick<Capabilities, "referrers"> {
  return { referrers: referrers === "probe" ? "fallback-tag" : referrers };
}
