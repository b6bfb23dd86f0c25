import { resolve } from "node:path";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import { openSource } from "../../src/sources/open.ts";
import type { Source } from "../../src/sources/source.ts";
import { createMemoryRegistry } from "../properties/memory-registry.ts";

/** Opens a directory and reads all of it, so that no step later waits for a disk. */
export async function holdSource(dir: string): Promise<Source> {
  const { signal } = new AbortController();
  const source = await openSource(`oci:${dir}`, {
    // The directory has no tags but those of its index, which are read from there.
    openRegistry: () => Promise.resolve(createMemoryRegistry(createRepository())),
    resolvePath: (path) => resolve(path),
    tempDir: dir,
    warn: () => undefined,
    signal,
  });
  const blobs = new Map<string, Uint8Array>();
  for (const { config, layers } of source.images) {
    for (const { digest } of [config, ...layers]) {
      blobs.set(digest, Buffer.concat(await Array.fromAsync(source.openBlob(digest, 0, signal))));
    }
  }
  return {
    ...source,
    async *openBlob(digest, from) {
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw new Error(`the source has no blob ${digest}`);
      yield bytes.subarray(from);
    },
  };
}
