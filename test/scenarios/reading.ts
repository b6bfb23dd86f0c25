import type { RepositoryReading } from "./backend.ts";
import { pointersOf } from "./content.ts";
import { sha256 } from "./formats.ts";

/** How one repository is read: everything as bytes. */
export interface Reader {
  /** Tags with the digest they name, where the listing tells it. */
  tags(): Promise<ReadonlyMap<string, string | undefined>>;
  /** `undefined` when it is not there. */
  manifest(reference: string): Promise<Uint8Array | undefined>;
  blob(digest: string): Promise<Uint8Array | undefined>;
}

/** Reads every tag and everything below it. */
export async function readRepository(reader: Reader): Promise<RepositoryReading> {
  const digests = new Map<string, string>();
  const broken: string[] = [];
  const checked = new Set<string>();
  const configs = new Map<string, string>();
  for (const [tag, listed] of await reader.tags()) {
    const bytes = await reader.manifest(tag);
    if (bytes === undefined) {
      broken.push(`${tag} is listed and does not resolve`);
      continue;
    }
    const digest = `sha256:${sha256(bytes)}`;
    if (listed !== undefined && listed !== digest) broken.push(`${tag} is listed as ${listed}`);
    digests.set(tag, digest);
    const config = pointersOf(bytes).blobs[0];
    if (config !== undefined) configs.set(tag, config);
    await check(bytes, tag);
  }
  return {
    digests,
    broken,
    config,
    holds: async (digest) => (await reader.manifest(digest)) !== undefined,
  };

  async function check(manifest: Uint8Array, path: string): Promise<void> {
    const { manifests, blobs } = pointersOf(manifest);
    for (const digest of blobs.filter(isUnseen)) {
      const bytes = await reader.blob(digest);
      if (bytes === undefined || `sha256:${sha256(bytes)}` !== digest) {
        broken.push(`${path}: blob ${digest} cannot be fetched`);
      }
    }
    for (const digest of manifests.filter(isUnseen)) {
      const bytes = await reader.manifest(digest);
      if (bytes === undefined) broken.push(`${path}: manifest ${digest} cannot be fetched`);
      else await check(bytes, `${path} > ${digest}`);
    }
  }

  function isUnseen(digest: string): boolean {
    if (checked.has(digest)) return false;
    checked.add(digest);
    return true;
  }

  async function config(tag: string): Promise<Uint8Array> {
    const bytes = await reader.blob(configs.get(tag) ?? "");
    if (bytes === undefined) throw new Error(`${tag} has no config`);
    return bytes;
  }
}
