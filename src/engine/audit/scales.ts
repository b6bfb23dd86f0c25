import type { Digest } from "../../oci/digest.ts";
import type { AuditedManifest, AuditedRepository, GrowthPoint, Share } from "./audit.ts";
import type { Ground } from "./ground.ts";
import { growthOf } from "./growth.ts";
import { shareOut } from "./share-out.ts";
import type { Bytes } from "./share-out.ts";
import { createStorage, createWalk } from "./storage.ts";
import type { Times } from "./times.ts";

/** What everything in a repository weighs. */
export interface Scales {
  /** What a manifest that a tag names holds, with all below it: alone, and with other manifests. */
  bytesOf(digest: Digest): Bytes;
  /** Tags by a name each; those without one are in no group, and share with the others. */
  sharesBy(nameOf: (tag: string) => string | undefined): readonly Share[];
  /** Manifests that no tag names; where a tag leads to one, it holds nothing alone. */
  untagged(): Pick<AuditedRepository, "untagged">;
  totals(): Pick<AuditedRepository["totals"], "bytes" | "untaggedBytes">;
  growth(times: Times): readonly GrowthPoint[];
}

const NO_BYTES: Bytes = { own: 0, shared: 0 };

export function createScales({ input, contents, untagged }: Ground): Scales {
  const storage = createStorage(contents);
  const rootOf = (digest: Digest | undefined): number | undefined =>
    digest === undefined ? undefined : storage.numberOf(digest);
  const roots = input.tags.map(({ digest }) => rootOf(digest));
  const loose = notReached();
  const tagged = new Map(roots.flatMap((root) => (root === undefined ? [] : [[root, [root]]])));
  const { groups, total } = shareOut(storage, tagged, loose);
  return {
    bytesOf: (digest) => groups.get(rootOf(digest) ?? -1) ?? NO_BYTES,
    sharesBy,
    untagged: listUntagged,
    totals: () => ({ bytes: total, ...looseBytes() }),
    growth: (times) =>
      growthOf(
        input.tags.map((entry, place) => ({ time: times.cameAt(entry), root: roots[place] })),
        storage,
      ),
  };

  /** Manifests without a tag that no tag leads to. */
  function notReached(): readonly number[] {
    const walk = createWalk(storage);
    const reached = new Uint8Array(storage.size);
    for (const root of roots) {
      if (root === undefined) continue;
      walk(root, 1, (at) => {
        reached[at] = 1;
      });
    }
    const all = (untagged ?? []).flatMap(({ digest }) => rootOf(digest) ?? []);
    return all.filter((root) => reached[root] === 0);
  }

  function sharesBy(nameOf: (tag: string) => string | undefined): readonly Share[] {
    const counts = new Map<string, number>();
    const groups = new Map<string, number[]>();
    const others = [...loose];
    for (const [place, { tag }] of input.tags.entries()) {
      const name = nameOf(tag);
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
      const group = name === undefined ? others : (groups.get(name) ?? []);
      if (name !== undefined) groups.set(name, group);
      const root = roots[place];
      if (root !== undefined) group.push(root);
    }
    const { groups: bytes } = shareOut(storage, groups, others);
    return [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, tags]) => {
        const { own, shared } = bytes.get(name) ?? NO_BYTES;
        return { name, tags, ownBytes: own, sharedBytes: shared };
      });
  }

  function listUntagged(): Pick<AuditedRepository, "untagged"> {
    if (untagged === undefined) return {};
    const { groups: bytes } = shareOut(
      storage,
      new Map(loose.map((root) => [root, [root]])),
      tagged.keys(),
    );
    const described = untagged.map(({ digest, mediaType: listed, pushedAt }): AuditedManifest => {
      const mediaType = contents.get(digest)?.mediaType ?? listed;
      return {
        digest,
        ...(mediaType === undefined ? {} : { mediaType }),
        ...(pushedAt === undefined ? {} : { pushedAt: new Date(pushedAt).toISOString() }),
        ownBytes: bytes.get(rootOf(digest) ?? -1)?.own ?? 0,
      };
    });
    return { untagged: described.sort((a, b) => (a.digest < b.digest ? -1 : 1)) };
  }

  /** Bytes that no tag leads to. */
  function looseBytes(): Pick<AuditedRepository["totals"], "untaggedBytes"> {
    if (untagged === undefined) return {};
    const { groups: bytes } = shareOut(storage, new Map([["loose", loose]]), tagged.keys());
    return { untaggedBytes: bytes.get("loose")?.own ?? 0 };
  }
}
