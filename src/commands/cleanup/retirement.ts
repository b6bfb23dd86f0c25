import type { CleanupInput, Facts, Need } from "../../engine/cleanup/inventory.ts";
import { selectReferences } from "../../engine/cleanup/references.ts";
import { findRetired } from "../../engine/cleanup/retirement.ts";
import type { Definition } from "../../engine/cleanup/retirement.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CommandDeps, GitHistory } from "../deps.ts";
import type { CleanupPolicy } from "./policy.ts";

/** What is known of names that may be retired. */
export type Retiring = Pick<CleanupInput, "retired"> & { readonly warnings: readonly string[] };

/** Reads the image names that the configuration defines at each reference that a policy selects; none when it is off. */
export async function readDefinitions(
  { retire, policies }: CleanupPolicy,
  history: GitHistory | undefined,
  deps: CommandDeps,
): Promise<readonly Definition[]> {
  if (retire === undefined || history === undefined) return [];
  const { selected } = selectReferences(policies, history.references, deps.now().getTime());
  const commits = [...new Set(selected.map(({ reference }) => reference.commit))];
  const images = await deps.readImageNames({ commits, configPath: retire.configPath });
  return selected.map(({ reference: { kind, name, commit } }) => ({
    reference: `${kind} ${name}`,
    commit,
    images: images.get(commit) ?? { kind: "none" },
  }));
}

/**
 * The names that are retired by what is there now.
 *
 * @param facts What was read of manifests.
 * @param read Reads more of them.
 */
export async function retireNames(
  { retire }: CleanupPolicy,
  found: Pick<CleanupInput, "tags" | "now"> & {
    readonly history: GitHistory | undefined;
    readonly definitions: readonly Definition[];
  },
  facts: ReadonlyMap<Digest, Facts>,
  read: (needs: readonly Need[]) => Promise<void>,
): Promise<Retiring> {
  const { tags, now, history, definitions } = found;
  if (retire === undefined || history === undefined) return { warnings: [] };
  const input = { tags, now, history, definitions, afterMs: retire.afterMs };
  for (;;) {
    const { needs, retired, warnings } = findRetired(input, facts);
    if (needs.length === 0) return { retired, warnings };
    await read(needs);
  }
}
