import type { Repository, TagReference } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { HubClient } from "./client.ts";
import { reclassified } from "./errors.ts";

/** The refusal of a tag, as a conflict when a rule of its repository makes the tag immutable. */
export type AsConflict = (
  refusal: RegistryError,
  reference: TagReference,
  options: CallOptions,
) => Promise<RegistryError>;

/**
 * The Hub gives no reason for a refusal; whether a rule of the repository takes the tag is its only trace. Rules are read
 * once for each repository, and only after a refusal.
 */
export function createImmutability(
  findClient: (repository: Repository) => Promise<HubClient | undefined>,
): AsConflict {
  const known = new Map<string, Promise<readonly string[]>>();

  return async (refusal, { host, name, tag }, options) => {
    if (!REFUSALS.has(refusal.code)) return refusal;
    const rules = known.get(name) ?? readRules({ host, name }, options);
    known.set(name, rules);
    rules.catch(() => known.delete(name));
    try {
      const isImmutable = (await rules).some((rule) => matches(rule, tag));
      return isImmutable ? reclassified(refusal, "conflict", IMMUTABLE) : refusal;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isRegistryError(error)) return refusal; // Rules that cannot be read leave it as it is.
      throw error;
    }
  };

  /** Source: Hub API reference, `immutable_tags_settings` of a repository. */
  async function readRules(
    repository: Repository,
    options: CallOptions,
  ): Promise<readonly string[]> {
    const client = await findClient(repository);
    const settings = (await client?.repository(repository, options))?.immutable_tags_settings;
    if (settings?.enabled !== true) return [];
    return settings.rules ?? EVERY_TAG;
  }
}

/** How a rule may show; outages and wrong credentials are no rules. */
const REFUSALS: ReadonlySet<RegistryError["code"]> = new Set(["denied", "invalid", "conflict"]);

const EVERY_TAG: readonly string[] = [".*"];

const IMMUTABLE =
  "A rule of the repository makes this tag immutable (Settings, General, Tag mutability); Docker Hub neither moves nor deletes it.";

/** Rules are RE2 expressions, of which nearly all are JavaScript's too; one that is not takes no tag here. */
function matches(rule: string, tag: string): boolean {
  try {
    return new RegExp(`^(?:${rule})$`).test(tag);
  } catch {
    return false; // The refusal then stands as the Hub gave it.
  }
}
