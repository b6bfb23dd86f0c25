import { openRegistry } from "../../../adapters/archive/adapter.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export async function open(): Promise<Registry> {
  return await openRegistry({
    host: "archive",
    http: {
      send: () => Promise.reject(new RegistryError("unsupported", "an archive has no network")),
      counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    credentials: { find: async () => undefined },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now: () => new Date("2026-03-04T05:06:07Z"),
  });
}

/** Stores an image with all that it needs; answers the digests of the blobs whose bytes were asked for. */
export async function push(
  registry: Registry,
  repository: Repository,
  { image, tag }: { readonly image: SeedContent; readonly tag?: string },
): Promise<string[]> {
  const read: string[] = [];
  for (const child of image.children) {
    read.push(...(await push(registry, repository, { image: child })));
  }
  for (const { digest, bytes } of image.blobs) {
    await registry.putBlob(
      repository,
      { digest, size: bytes.length },
      {
        async *open() {
          read.push(digest);
          yield bytes;
        },
      },
    );
  }
  const { digest } = image;
  const reference = tag === undefined ? { ...repository, digest } : { ...repository, tag };
  await registry.putManifest(reference, image);
  return read;
}

/** Digest by tag, as a new reader sees them. */
export async function tagsOf(repository: Repository): Promise<Record<string, string>> {
  await using registry = await open();
  const entries = await Array.fromAsync(registry.listTags(repository));
  return Object.fromEntries(entries.map(({ tag, digest = "" }) => [tag, digest]));
}

/** Reads every manifest, and every blob that one names. */
export async function expectWhole(repository: Repository): Promise<void> {
  await using registry = await open();
  for await (const { digest } of registry.listManifests(repository)) {
    const { bytes } = await registry.getManifest({ ...repository, digest });
    const named =
      Buffer.from(bytes)
        .toString()
        .match(/sha256:[0-9a-f]{64}/g) ?? [];
    for (const one of named) {
      // Reads to the end, where the digest is looked at.
      const hex = one.slice("sha256:".length);
      await Array.fromAsync(await registry.getBlob(repository, `sha256:${hex}`));
    }
  }
}
