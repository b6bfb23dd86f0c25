import type { Clone } from "./clone.ts";
import { GitError } from "./error.ts";
import { streamGit } from "./stream.ts";

export interface TagTarget {
  /** Hex. */
  readonly id: string;
  /** `commit`, `tree` or `blob`. */
  readonly type: string;
}

/**
 * What each of these tag objects names in the end, by the tag's id. Reads tag objects only: a partial clone has
 * them all, while what they name may be missing. One process for each level of tags of tags.
 */
export async function readTagTargets(
  clone: Clone,
  tags: readonly string[],
): Promise<ReadonlyMap<string, TagTarget>> {
  if (tags.length === 0) return new Map();
  const direct = await readTags(clone, [...new Set(tags)]);
  const nested = [...direct.values()].filter((target) => target.type === "tag");
  const deeper = await readTagTargets(
    clone,
    nested.map((target) => target.id),
  );
  return new Map(Array.from(direct, ([tag, target]) => [tag, deeper.get(target.id) ?? target]));
}

async function readTags(
  clone: Clone,
  tags: readonly string[],
): Promise<ReadonlyMap<string, TagTarget>> {
  const chunks: Buffer[] = [];
  await streamGit(clone, {
    args: ["cat-file", "--batch"],
    input: tags.map((tag) => `${tag}\n`).join(""),
    onChunk: (chunk) => chunks.push(chunk),
  });
  const bytes = Buffer.concat(chunks);
  const targets = new Map<string, TagTarget>();
  let at = 0;
  for (const tag of tags) {
    const headerEnd = bytes.indexOf("\n", at);
    const size = sizeOf(bytes.toString("latin1", at, headerEnd), tag);
    const body = bytes.toString("latin1", headerEnd + 1, headerEnd + 1 + size);
    targets.set(tag, targetOf(body, tag));
    at = headerEnd + 1 + size + 1;
  }
  return targets;
}

/** `ID tag SIZE`. Source: git-cat-file(1), batch output. */
function sizeOf(header: string, tag: string): number {
  const [id, type, size] = header.split(" ");
  if (id !== tag || type !== "tag" || !/^\d+$/.test(size ?? "")) {
    throw new GitError("failed", `git has no tag object ${tag}: check the clone with git fsck`);
  }
  return Number(size);
}

function targetOf(body: string, tag: string): TagTarget {
  const [, id, type] = /^object ([0-9a-f]+)\ntype ([a-z]+)\n/.exec(body) ?? [];
  if (id === undefined || type === undefined) {
    throw new GitError("failed", `tag object ${tag} is damaged: check the clone with git fsck`);
  }
  return { id, type };
}
