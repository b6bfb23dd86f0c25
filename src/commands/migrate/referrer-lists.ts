import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";

/** What a repository tells of referrers, each list read once. */
export interface ReferrerLists {
  /** Whether a referrer that is there is found by what it is about. */
  tells(referrer: Digest, subject: Digest): Promise<boolean>;
}

/** A registry with the endpoint tells of all it has; another one only of what an index names that a client wrote. */
export function createReferrerLists(
  { registry, repository }: { readonly registry: Registry; readonly repository: Repository },
  { signal }: Pick<CommandDeps, "signal">,
): ReferrerLists {
  const { host, name } = repository;
  const lists = new Map<Digest, Promise<ReadonlySet<Digest>>>();
  return {
    async tells(referrer, subject) {
      const { referrers } = await registry.learn(repository, { only: "referrers", signal });
      if (referrers !== "fallback-tag") return true;
      const list = lists.get(subject) ?? read(subject);
      lists.set(subject, list);
      return (await list).has(referrer);
    },
  };

  async function read(digest: Digest): Promise<ReadonlySet<Digest>> {
    const found = await Array.fromAsync(registry.listReferrers({ host, name, digest }, { signal }));
    return new Set(found.map((one) => one.digest));
  }
}
