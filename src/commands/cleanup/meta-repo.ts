import type { InventoryTag } from "../../engine/cleanup/inventory.ts";
import { AddressError, formatRepository, parseRepository } from "../../oci/reference.ts";
import { LABEL } from "../../stages/labels.ts";
import type { CallOptions } from "../../registry/registry.ts";
import { GuardError } from "../error.ts";
import { readFacts } from "../facts.ts";
import type { Homes } from "./homes.ts";

/**
 * Refuses to go on where a marker among the stages says that the records lie somewhere else than this run reads them:
 * without them every stage would look unneeded.
 */
export async function refuseMovedRecords(
  tags: readonly InventoryTag[],
  homes: Homes,
  options: CallOptions,
): Promise<void> {
  for (const entry of tags) {
    if (entry.class.kind !== "meta-repo-marker") continue;
    const address = await markedAddress(entry, homes, options);
    const { records } = homes;
    if (records === undefined) {
      const where = address === undefined ? "another repository" : address;
      throw new GuardError(
        "meta-repo",
        `tag ${entry.tag} says that the records of ${formatRepository(homes.stages.repository)} lie in ${where}; cleaning it needs --meta-repo`,
      );
    }
    if (address !== undefined && sameAddress(address, formatRepository(records.repository)))
      continue;
    const told = address === undefined ? "and cannot be read" : `in ${address}`;
    throw new GuardError(
      "meta-repo",
      `tag ${entry.tag} says that the records lie elsewhere, ${told}, and --meta-repo is ${formatRepository(records.repository)}; name the one the marker names, or remove the marker if it is wrong`,
    );
  }
}

/** The address that a marker's label names; `undefined` when there is none to read. */
async function markedAddress(
  { digest }: InventoryTag,
  { stages: { registry, repository } }: Homes,
  options: CallOptions,
): Promise<string | undefined> {
  if (digest === undefined) return undefined;
  const facts = await readFacts(registry, repository, { digest, config: true }, options);
  if (facts.kind !== "image" || typeof facts.image !== "object") return undefined;
  return facts.image.labels[LABEL.metaRepo];
}

function sameAddress(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(address: string): string {
  try {
    return formatRepository(parseRepository(address));
  } catch (error) {
    if (error instanceof AddressError) return address;
    throw error;
  }
}
