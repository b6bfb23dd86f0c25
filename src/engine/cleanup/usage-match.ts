import type { Digest } from "../../oci/digest.ts";
import { isSameRepository, parseImageAddress } from "../../oci/image-address.ts";
import type { Repository } from "../../oci/reference.ts";
import type { CleanupInput } from "./inventory.ts";
import type { UsedImage } from "./usage.ts";

/** Uses that may be of one repository, by what they name there. */
export interface UsageMatches {
  readonly tags: ReadonlyMap<string, readonly UsedImage[]>;
  /** Whatever the repository is called there: content is content. */
  readonly digests: ReadonlyMap<Digest, readonly UsedImage[]>;
  /** Digests that are used under an address of this repository, or under none. */
  readonly ours: ReadonlySet<Digest>;
  /** Bare digests of containers that run an image of this repository: each may be one of an image's configuration. */
  readonly bare: ReadonlySet<Digest>;
}

/** Host and namespace that short names of official images leave out. */
const OFFICIAL = "library/";

/**
 * Finds the uses that may be of a repository.
 *
 * A tag is matched by the address of the repository, by its aliases, and by any address whose path ends with the whole
 * name of the repository, as mirrors and proxies have it.
 */
export function matchUsage({
  usage = [],
  aliases = [],
  repository,
}: Pick<CleanupInput, "usage" | "aliases" | "repository">): UsageMatches {
  const addresses = [repository, ...aliases];
  const tags = new Map<string, UsedImage[]>();
  const digests = new Map<Digest, UsedImage[]>();
  const ours = new Set<Digest>();
  const bare = new Set<Digest>();
  const verdicts = new Map<string, boolean>();
  const isOurs = (named: Repository): boolean => {
    const key = `${named.host}/${named.name}`;
    const known = verdicts.get(key) ?? mayBe(named, repository, addresses);
    verdicts.set(key, known);
    return known;
  };

  for (const [image, uses] of Map.groupBy(usage, (used) => used.image)) {
    const { repository: named, tag, digest } = parseImageAddress(image) ?? {};
    const mayBeOurs = named !== undefined && isOurs(named);
    if (tag !== undefined && mayBeOurs) append(tags, tag, uses);
    if (digest === undefined) continue;
    append(digests, digest, uses);
    if (mayBeOurs) ours.add(digest);
    if (named !== undefined) continue;
    for (const { of } of uses) {
      const asked = of === undefined ? undefined : parseImageAddress(of)?.repository;
      if (asked === undefined || isOurs(asked)) ours.add(digest);
      if (asked !== undefined && isOurs(asked)) bare.add(digest);
    }
  }
  return { tags, digests, ours, bare };
}

function mayBe(
  named: Repository,
  repository: Repository,
  addresses: readonly Repository[],
): boolean {
  if (addresses.some((address) => isSameRepository(named, address))) return true;
  const { name } = repository;
  const names = name.startsWith(OFFICIAL) ? [name, name.slice(OFFICIAL.length)] : [name];
  return names.some((own) => named.name === own || named.name.endsWith(`/${own}`));
}

function append<Key>(groups: Map<Key, UsedImage[]>, key: Key, uses: readonly UsedImage[]): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [...uses]);
  else for (const used of uses) group.push(used);
}
