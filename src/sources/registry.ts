import type { Digest } from "../oci/digest.ts";
import { formatReference } from "../oci/reference.ts";
import type { Reference, Repository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import { MAX_CONFIG_BYTES, gather } from "./content.ts";
import type { Content } from "./content.ts";
import type { SourceDeps } from "./deps.ts";
import { readImages } from "./images.ts";
import type { OpenedSource } from "./open.ts";
import { SourceError } from "./source.ts";

/** Opens what a reference points at. A tag is asked once: what it points at later does not matter. */
export async function openReference(reference: Reference, deps: SourceDeps): Promise<OpenedSource> {
  const repository: Repository = { host: reference.host, name: reference.name };
  const { signal, warn } = deps;
  const registry = await deps.openRegistry(repository);
  const root = await absentAs(undefined, registry.getManifest(reference, { signal }));
  if (root === undefined) throw new SourceError(`there is no ${formatReference(reference)}`);
  const content = registryContent(registry, repository, signal);
  return {
    ...(await readImages(root, { content, warn, sparse: false })),
    repository,
    openBlob: content.openBlob,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Content of a repository. */
export function registryContent(
  registry: Pick<Registry, "getManifest" | "getBlob">,
  repository: Repository,
  signal: AbortSignal,
): Content {
  return {
    readManifest: (digest) =>
      absentAs(undefined, registry.getManifest({ ...repository, digest }, { signal })),
    readConfig: (digest) => gather(openBlob(digest, 0, signal), MAX_CONFIG_BYTES, digest),
    openBlob,
  };

  async function* openBlob(
    digest: Digest,
    from: number,
    reading: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    yield* await registry.getBlob(repository, digest, { signal: reading, from });
  }
}

async function absentAs<Value>(
  absent: undefined,
  found: Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isRegistryError(error, "not-found")) return absent;
    throw error;
  }
}
