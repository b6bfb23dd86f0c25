import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import { nameProblem } from "../../registry/names.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { openTargetBook } from "./target-book.ts";
import type { TargetBook } from "./target-book.ts";

/** The repositories of the target, each listed once for the whole run. */
export interface TargetPlaces {
  readonly registry: Registry;
  /** The rule by which it cannot have a repository of this name; `undefined`: it can. */
  ruleAgainst(repository: Repository): string | undefined;
  open(repository: Repository): Promise<TargetBook>;
  /**
   * Reserves a tag. Answers the digest of another source that has it already, if that is not the same.
   */
  reserve(repository: Repository, tag: string, digest: Digest): Digest | undefined;
}

export function createTargetPlaces(
  registry: Registry,
  deps: Pick<CommandDeps, "report" | "signal">,
): TargetPlaces {
  const books = new Map<string, Promise<TargetBook>>();
  const reserved = new Map<string, Map<string, Digest>>();
  return {
    registry,
    ruleAgainst: (repository) => nameProblem(repository, registry.capabilities),
    open(repository) {
      const key = formatRepository(repository);
      const book = books.get(key) ?? openTargetBook(registry, repository, deps);
      books.set(key, book);
      return book;
    },
    reserve(repository, tag, digest) {
      const key = formatRepository(repository);
      const tags = reserved.get(key) ?? new Map<string, Digest>();
      reserved.set(key, tags);
      const other = tags.get(tag);
      if (other === undefined) tags.set(tag, digest);
      return other === digest ? undefined : other;
    },
  };
}
