import { createServerCopy } from "../../src/distribution/server-copy.ts";
import type { ServerCopyRequest } from "../../src/distribution/server-copy.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { HarborClient } from "./client.ts";
import type { Artifact } from "./schema.ts";

/**
 * Copies by Harbor itself.
 *
 * Harbor carries **all** tags of an artifact along, those of its children and accessories too, and puts them over tags of the same
 * name in the target (goharbor/harbor#16675). So it is asked only where these are just the tags that were asked for.
 *
 * Source: goharbor/harbor `src/controller/artifact/controller.go`, `copyDeeply`.
 */
export function createCopying(
  context: AdapterContext,
  base: Pick<Registry, "resolve">,
  clientOf: (repository: Repository) => Promise<HarborClient>,
): Registry["copyFrom"] {
  return createServerCopy(context, base, async (request) => {
    const { target, from, tags, signal } = request;
    const client = await clientOf(target);
    const artifact = await client.artifact(from, from.digest, signal);
    if (artifact === undefined || !isSame(namesOf(artifact), tags)) return "left";
    if (!(await areBare(client, request, artifact))) return "left";
    return (await client.copy(target, from, signal)) ? "done" : "left";
  });
}

/** Whether nothing that comes along has a tag of its own. What the target has already is not touched, tagged or not. */
async function areBare(
  client: HarborClient,
  request: ServerCopyRequest,
  artifact: Artifact,
): Promise<boolean> {
  const { target, from, signal } = request;
  const along = [
    ...(artifact.references ?? []).map(({ child_digest: digest }) => digest),
    ...(artifact.accessories ?? []).map(({ digest }) => digest),
  ];
  for (const digest of along) {
    const below = await client.artifact(from, digest, signal);
    if (below === undefined) return false;
    if (namesOf(below).length === 0) {
      if (!(await areBare(client, request, below))) return false;
    } else if ((await client.artifact(target, digest, signal)) === undefined) return false;
  }
  return true;
}

function namesOf({ tags }: Artifact): readonly string[] {
  return (tags ?? []).map(({ name }) => name);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  const names = new Set(one);
  return names.size === new Set(other).size && other.every((name) => names.has(name));
}
