import type { Content } from "../../engine/audit/content.ts";
import type { Digest } from "../../oci/digest.ts";
import { ManifestError } from "../../oci/manifest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import { readSmallBlob } from "../small-blob.ts";
import { contentOf, detailsIn } from "./content.ts";

/** Manifests, as far as they are there. */
export interface Contents {
  readonly contents: ReadonlyMap<Digest, Content>;
  /** Digests that were looked for and are not there. */
  readonly missing: Set<Digest>;
  /** Digests of what is there and cannot be understood, by their manifest. */
  readonly unreadable: ReadonlySet<Digest>;
}

/**
 * Reads manifests and all that indexes lead to, each once, with the configs of images where they are wanted; below an index
 * that is wanted everything is. Rejects with `RegistryError` where the registry fails.
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
  const unreadable = new Set<Digest>();
  const once = createPool();
  const { report, parallel } = deps;
  const asked = new Map(wanted);
  let done = 0;
  let level = [...wanted.keys()];
  let total = level.length;
  report({ type: "phase.started", phase: "reading manifests", total });
  while (level.length > 0) {
    const below: Digest[] = [];
    await mapParallel(level, parallel, async (digest) => {
      const withConfig = asked.get(digest) === true;
      const found = await readOne(homeOf(digest), digest, withConfig, deps);
      const more = [...note(digest, found)].filter((child) => isWanted(child, withConfig));
      for (const child of more) asked.set(child, withConfig);
      below.push(...more);
      total += more.length;
      done += 1;
      report({ type: "phase.advanced", phase: "reading manifests", done, total });
    });
    level = below;
  }
  return { contents, missing, unreadable };

  /** What the last reading of a manifest says is what holds. Answers its children. */
  function note(digest: Digest, found: Content | "missing" | "broken"): ReadonlySet<Digest> {
    missing.delete(digest);
    unreadable.delete(digest);
    if (found === "missing") missing.add(digest);
    if (found === "broken") unreadable.add(digest);
    if (found === "missing" || found === "broken") return new Set();
    contents.set(digest, pooled(found, once));
    if (found.kind === "unreadable" || found.image === "unreadable") unreadable.add(digest);
    return new Set(found.children.map((child) => child.digest));
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

async function readOne(
  { registry, repository }: Home,
  digest: Digest,
  withConfig: boolean,
  { signal }: CommandDeps,
): Promise<Content | "missing" | "broken"> {
  const body = await readManifest({ registry, repository }, digest, signal);
  if (body === "missing" || body === "broken") return body;
  const { content, isImage } = contentOf(body);
  if (!withConfig || !isImage || content.config === undefined) return content;
  try {
    const bytes = await readSmallBlob(registry, repository, content.config, { signal });
    return { ...content, image: bytes === undefined ? "unreadable" : detailsIn(bytes) };
  } catch (error) {
    const isGone = isRegistryError(error, "not-found") || error instanceof ManifestError;
    if (isGone) return { ...content, image: "unreadable" };
    throw error;
  }
}

/**
 * What something names is missing only when a second look says so too: registries forget for a moment. `broken`: what comes
 * is not what the digest says.
 */
async function readManifest(
  { registry, repository: { host, name } }: Home,
  digest: Digest,
  signal: AbortSignal,
): Promise<ManifestBody | "missing" | "broken"> {
  for (let look = 0; look < 2; look += 1) {
    try {
      return await registry.getManifest({ host, name, digest }, { signal });
    } catch (error) {
      if (isRegistryError(error, "protocol")) return "broken";
      if (!isRegistryError(error, "not-found")) throw error;
    }
  }
  return "missing";
}
