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
  readonly unreadable: readonly Digest[];
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
  const unreadable: Digest[] = [];
  const once = createPool();
  const { report, parallel } = deps;
  const asked = new Map(wanted);
  let done = 0;
  let level = [...wanted.keys()];
  report({ type: "phase.started", phase: "reading manifests", total: level.length });
  while (level.length > 0) {
    const below: Digest[] = [];
    await mapParallel(level, parallel, async (digest) => {
      const withConfig = asked.get(digest) === true;
      const found = await readOne(homeOf(digest), digest, withConfig, deps);
      done += 1;
      report({ type: "phase.advanced", phase: "reading manifests", done });
      if (found === "missing") {
        missing.add(digest);
        return;
      }
      if (found === "broken") {
        unreadable.push(digest);
        return;
      }
      contents.set(digest, pooled(found, once));
      if (found.kind === "unreadable" || found.image === "unreadable") unreadable.push(digest);
      for (const child of found.children) {
        const isNew = !asked.has(child.digest);
        const needsConfig = withConfig && asked.get(child.digest) !== true;
        if (!isNew && !needsConfig) continue;
        asked.set(child.digest, withConfig);
        below.push(child.digest);
      }
    });
    level = below;
  }
  return { contents, missing, unreadable };
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
