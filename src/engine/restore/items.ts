import type { Digest } from "../../oci/digest.ts";
import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { isForeignLayer } from "../../oci/media-type.ts";

/** A manifest as a journal holds it. */
export interface SavedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Tags that went from it; none for what went along with another manifest. */
  readonly tags: readonly string[];
}

/** A manifest that is to come back. */
export interface RestoreItem extends SavedManifest {
  /** Config and layers, as far as the registry holds them itself. */
  readonly blobs: readonly Digest[];
  /** Manifests it reaches by digest. */
  readonly children: readonly Digest[];
  /** Items of a lower level come back first: children before their index, a subject before what is about it. */
  readonly level: number;
}

/**
 * What is to come back, in its order.
 *
 * @param saved The newest first: of a tag that went twice, the last manifest counts, and a manifest that has lost all its
 * tags to newer ones stays away.
 * @param wanted Tags that are to come back, with what they reach and what is about them. Absent: everything.
 */
export function restoreItems(
  saved: readonly SavedManifest[],
  wanted?: ReadonlySet<string>,
): RestoreItem[] {
  const nodes = mergeByDigest(saved);
  const chosen = wanted === undefined ? new Set(nodes.keys()) : choose(nodes, wanted);
  const levels = levelsOf(nodes, chosen);
  return [...chosen]
    .flatMap((digest) => {
      const node = nodes.get(digest);
      if (node === undefined) return [];
      const tags = wanted === undefined ? node.tags : tagsWanted(node, wanted);
      const { mediaType, bytes, blobs, children } = node;
      return [{ digest, mediaType, bytes, tags, blobs, children, level: levels.get(digest) ?? 0 }];
    })
    .sort((a, b) => a.level - b.level || compare(nameOf(a), nameOf(b)));
}

/** The first tag of an item, or its digest where it has none. */
export function nameOf({ tags, digest }: Pick<RestoreItem, "tags" | "digest">): string {
  return tags[0] ?? digest;
}

interface Node extends SavedManifest {
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
  readonly subject?: Digest;
}

function mergeByDigest(saved: readonly SavedManifest[]): ReadonlyMap<Digest, Node> {
  const nodes = new Map<Digest, Node & { readonly tags: string[] }>();
  const taken = new Set<string>();
  /** Manifests that had tags, and lost all of them to newer ones. */
  const superseded = new Map<Digest, SavedManifest>();
  for (const manifest of saved) {
    const tags = manifest.tags.filter((tag) => !taken.has(tag));
    for (const tag of tags) taken.add(tag);
    const known = nodes.get(manifest.digest);
    if (known !== undefined) known.tags.push(...tags);
    else if (tags.length === 0 && manifest.tags.length > 0) {
      superseded.set(manifest.digest, manifest);
    } else nodes.set(manifest.digest, { ...manifest, ...pointersOf(manifest), tags });
  }
  // What an index still needs comes back all the same, without its tags.
  for (const node of nodes.values()) {
    for (const digest of node.children) {
      const manifest = superseded.get(digest);
      if (manifest === undefined || nodes.has(digest)) continue;
      nodes.set(digest, { ...manifest, ...pointersOf(manifest), tags: [] });
    }
  }
  return nodes;
}

function pointersOf(manifest: SavedManifest): Pick<Node, "blobs" | "children" | "subject"> {
  const parsed = parse(manifest);
  if (parsed === undefined) return { blobs: [], children: [] };
  const subject = parsed.subject === undefined ? {} : { subject: parsed.subject.digest };
  if (parsed.kind === "index") {
    return { blobs: [], children: parsed.children.map(({ digest }) => digest), ...subject };
  }
  const blobs = [parsed.config, ...parsed.layers].filter(
    ({ mediaType }) => !isForeignLayer(mediaType),
  );
  return { blobs: blobs.map(({ digest }) => digest), children: [], ...subject };
}

/** What no one can read is put back as it is: it was stored once. */
function parse(manifest: SavedManifest): Manifest | undefined {
  try {
    return parseManifest(manifest);
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** The manifests of the tags, what they reach, and what is about any of these, by its subject or by its tag. */
function choose(nodes: ReadonlyMap<Digest, Node>, wanted: ReadonlySet<string>): Set<Digest> {
  const about = new Map<Digest, Digest[]>();
  for (const { digest, subject, tags } of nodes.values()) {
    const subjects = [...(subject === undefined ? [] : [subject]), ...tags.flatMap(subjectOfTag)];
    for (const one of subjects) about.set(one, [...(about.get(one) ?? []), digest]);
  }
  const chosen = new Set<Digest>();
  const queue = [...nodes.values()].flatMap(({ digest, tags }) =>
    tags.some((tag) => wanted.has(tag)) ? [digest] : [],
  );
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (chosen.has(digest)) continue;
    // A child that stayed is no item, but what is about it may be one.
    chosen.add(digest);
    queue.push(...(nodes.get(digest)?.children ?? []), ...(about.get(digest) ?? []));
  }
  return new Set([...chosen].filter((digest) => nodes.has(digest)));
}

/** `sha256-<hex>`, `sha256-<hex>.sig`: tags that say what they are about. */
function subjectOfTag(tag: string): Digest[] {
  const hex = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/.exec(tag)?.[1];
  return hex === undefined ? [] : [`sha256:${hex}`];
}

/** Of a manifest that was asked for by a tag, that tag; all those of what comes along. */
function tagsWanted({ tags }: Node, wanted: ReadonlySet<string>): readonly string[] {
  const asked = tags.filter((tag) => wanted.has(tag));
  return asked.length > 0 ? asked : tags;
}

/** How long the longest way to a manifest is that has to come back first. Digests make circles impossible. */
function levelsOf(
  nodes: ReadonlyMap<Digest, Node>,
  chosen: ReadonlySet<Digest>,
): ReadonlyMap<Digest, number> {
  const levels = new Map<Digest, number>();
  for (const start of chosen) {
    const open = [{ digest: start, first: firstOf(start).values() }];
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const { done, value } = last.first.next();
      if (done === true) {
        open.pop();
        const below = firstOf(last.digest).map((digest) => (levels.get(digest) ?? 0) + 1);
        levels.set(last.digest, Math.max(0, ...below));
      } else if (!levels.has(value)) open.push({ digest: value, first: firstOf(value).values() });
    }
  }
  return levels;

  function firstOf(digest: Digest): Digest[] {
    const { children = [], subject } = nodes.get(digest) ?? {};
    const all = subject === undefined ? children : [...children, subject];
    return all.filter((first) => chosen.has(first));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
