import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { TagResult } from "./result.ts";

/** The tags that a repository does not list, and that lead nowhere when it is asked for them: some lists lag behind. */
export async function findGone(
  tags: readonly TagResult[],
  { registry, repository }: { readonly registry: Registry; readonly repository: Repository },
  { signal, parallel }: Pick<CommandDeps, "signal" | "parallel">,
): Promise<readonly TagResult[]> {
  const { host, name } = repository;
  const listed = new Set<string>();
  for await (const { tag } of registry.listTags(repository, { signal })) listed.add(tag);
  const doubtful = tags.filter(({ as }) => !listed.has(as));
  const found = await mapParallel(doubtful, parallel, ({ as }) =>
    registry.resolve({ host, name, tag: as }, { signal }),
  );
  return doubtful.filter((_, at) => found[at] === undefined);
}
