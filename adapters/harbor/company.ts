import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Artifact } from "./schema.ts";

type Tags = ReadonlyMap<Digest, readonly string[]>;

/**
 * Why an artifact cannot go: a tag that the caller does not know would go with it. `undefined`: there is none.
 *
 * Harbor takes along the tags on the artifact itself, its accessories with their tags, and the children of an index
 * that have neither a tag nor another index, with their accessories. A tag that signing tools derive from the digest of
 * its subject counts as known: it has no use without it.
 *
 * Source: goharbor/harbor `src/controller/artifact/controller.go`, `deleteDeeply`.
 *
 * @param read The artifact under a digest, with its tags; `undefined` when it is not there.
 */
export async function findStrangeTag(
  artifact: Artifact,
  known: Tags,
  read: (digest: string) => Promise<Artifact | undefined>,
): Promise<string | undefined> {
  const visited = new Set<string>([artifact.digest]);
  const own = strangeTags(artifact, known)[0];
  if (own !== undefined) return `it has the tag ${own}, which came since`;
  return inCompanyOf(artifact);

  async function inCompanyOf(one: Artifact): Promise<string | undefined> {
    for (const { digest } of one.accessories ?? []) {
      const accessory = await readOnce(digest);
      if (accessory === undefined) continue;
      const prefix = one.digest.replace(":", "-");
      const strange = strangeTags(accessory, known).find((tag) => !tag.startsWith(prefix));
      if (strange !== undefined) {
        return `it would take along what is tagged ${strange} and has it as its subject`;
      }
      const deeper = await inCompanyOf(accessory);
      if (deeper !== undefined) return deeper;
    }
    for (const { child_digest: digest } of one.references ?? []) {
      const child = await readOnce(digest);
      if (child === undefined || (child.tags ?? []).length > 0) continue;
      const deeper = await inCompanyOf(child);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  }

  async function readOnce(digest: string): Promise<Artifact | undefined> {
    if (visited.has(digest)) return undefined;
    visited.add(digest);
    return read(digest);
  }
}

function strangeTags({ digest, tags }: Artifact, known: Tags): string[] {
  const expected = isDigest(digest) ? (known.get(digest) ?? []) : [];
  return (tags ?? []).map(({ name }) => name).filter((name) => !expected.includes(name));
}
