import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ManifestError, parseImageConfig, parseManifest } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { Repository } from "../oci/reference.ts";
import type { Child, Facts, ImageFacts, Need } from "../engine/cleanup/inventory.ts";
import { isRegistryError } from "../registry/error.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import { readSmallBlob } from "./small-blob.ts";

/**
 * Reads what a manifest says, and its config when asked.
 *
 * What is provably not there is a fact (`absent`, `unreadable`); a registry that does not answer is an error.
 *
 * @param known What was read of it before.
 */
export async function readFacts(
  registry: Registry,
  repository: Repository,
  { digest, config }: Need,
  { known, ...options }: CallOptions & { readonly known?: Facts | undefined } = {},
): Promise<Facts> {
  const facts = known ?? (await readManifest(registry, repository, digest, options));
  if (facts.kind !== "image" || !config || facts.image !== undefined) return facts;
  return { ...facts, image: await readConfig(registry, repository, facts.config, options) };
}

async function readManifest(
  registry: Registry,
  { host, name }: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<Facts> {
  try {
    const manifest = parseManifest(await lookTwice(registry, { host, name, digest }, options));
    const { annotations } = manifest;
    const more = {
      ...(manifest.subject === undefined ? {} : { subject: manifest.subject.digest }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    };
    if (manifest.kind === "image") {
      return { kind: "image", config: manifest.config.digest, ...more };
    }
    return { kind: "index", children: manifest.children.map(childOf), ...more };
  } catch (error) {
    if (isRegistryError(error, "not-found")) return { kind: "absent" };
    if (error instanceof ManifestError) return { kind: "unreadable" };
    throw error;
  }
}

/** A manifest that something names is absent only when a second look says so too: registries forget for a moment. */
async function lookTwice(
  registry: Registry,
  reference: Repository & { readonly digest: Digest },
  options: CallOptions,
): Promise<ManifestBody> {
  try {
    return await registry.getManifest(reference, options);
  } catch (error) {
    if (isRegistryError(error, "not-found")) return registry.getManifest(reference, options);
    throw error;
  }
}

/** What no platform runs is `unknown/unknown`, as builders mark attestations. */
function childOf({ digest, mediaType, platform }: Descriptor): Child {
  const runs = platform?.os !== "unknown" || platform.architecture !== "unknown";
  return { digest, mediaType, ...(runs ? {} : { runs }) };
}

async function readConfig(
  registry: Registry,
  repository: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<ImageFacts | "unreadable"> {
  try {
    const bytes = await readSmallBlob(registry, repository, digest, options);
    return bytes === undefined ? "unreadable" : parseImageConfig(bytes);
  } catch (error) {
    if (isRegistryError(error, "not-found") || error instanceof ManifestError) return "unreadable";
    throw error;
  }
}
