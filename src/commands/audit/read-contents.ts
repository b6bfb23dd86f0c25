import type { Content } from "../../engine/audit/content.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { readContent } from "./read-content.ts";
import type { Reading } from "./read-content.ts";

/** Manifests, as far as they are there. */
export interface Contents {
  readonly contents: ReadonlyMap<Digest, Content>;
  /** Digests that were looked for and are not there. */
  readonly missing: Set<Digest>;
  /** Configs that were looked for and are not there, by their manifest. */
  readonly withoutConfig: ReadonlyMap<Digest, readonly Digest[]>;
  /** Manifests that are there and cannot be understood, or their configs, with why in one line. */
  readonly unreadable: ReadonlyMap<Digest, string>;
}

/**
 * Reads manifests and all that indexes lead to, each once, with the configs of images where they are wanted; below an index
 * that is wanted everything is. Rejects with `RegistryError` where the registry itself fails.
 *
 * @param wanted Digests, and whether the config of the image is wanted too.
 */
export async function readContents(
  wanted: ReadonlyMap<Digest, boolean>,
  homeOf: (digest: Digest) => Home,
  deps: CommandDeps,
): Promise<Contents> {
  const contents = new Map<Digest, Content>();
  const missing = new Set<Digest>();
  const withoutConfig = new Map<Digest, readonly Digest[]>();
  const unreadable = new Map<Digest, string>();
  const once = createPool();
  const { report, parallel, signal } = deps;
  const asked = new Map(wanted);
  let done = 0;
  let level = [...wanted.keys()];
  let total = level.length;
  report({ type: "phase.started", phase: "reading manifests", total });
  while (level.length > 0) {
    const below: Digest[] = [];
    await mapParallel(level, parallel, async (digest) => {
      const withConfig = asked.get(digest) === true;
      const found = await readContent(homeOf(digest), digest, { withConfig, signal });
      const more = [...note(digest, found)].filter((child) => isWanted(child, withConfig));
      for (const child of more) asked.set(child, withConfig);
      below.push(...more);
      total += more.length;
      done += 1;
      report({ type: "phase.advanced", phase: "reading manifests", done, total });
    });
    level = below;
  }
  return { contents, missing, withoutConfig, unreadable };

  /** What the last reading of a manifest says is what holds. Answers its children. */
  function note(digest: Digest, found: Reading): ReadonlySet<Digest> {
    missing.delete(digest);
    withoutConfig.delete(digest);
    unreadable.delete(digest);
    if (found.kind === "missing") missing.add(digest);
    else if (found.why !== undefined) unreadable.set(digest, found.why);
    if (found.kind !== "read") return new Set();
    if (found.lostConfig !== undefined) withoutConfig.set(digest, [found.lostConfig]);
    contents.set(digest, pooled(found.content, once));
    return new Set(found.content.children.map((child) => child.digest));
  }

  /** Whether it was not read yet, or not with its config. */
  function isWanted(digest: Digest, withConfig: boolean): boolean {
    const before = asked.get(digest);
    return before === undefined || (withConfig && !before);
  }
}

/** The same digest as the same string: a layer that thousands of images share is held once. */
function createPool(): (digest: Digest) => Digest {
  const known = new Map<Digest, Digest>();
  return (digest) => {
    const first = known.get(digest);
    if (first === undefined) known.set(digest, digest);
    return first ?? digest;
  };
}

function pooled(content: Content, once: (digest: Digest) => Digest): Content {
  const { blobs, children, config } = content;
  return {
    ...content,
    blobs: blobs.map(({ digest, size }) => ({ digest: once(digest), size })),
    children: children.map((child) => ({ ...child, digest: once(child.digest) })),
    ...(config === undefined ? {} : { config: once(config) }),
  };
}
