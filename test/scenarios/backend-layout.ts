import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, SeedRepository } from "./backend.ts";
import { descriptor, field } from "./content.ts";
import type { Bytes, Content } from "./content.ts";
import { readRepository } from "./reading.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** Old enough for a blob that nothing refers to to be removed. */
const BLOB_AGE_SECONDS = 3 * 86_400;

/** OCI image layouts in a temporary directory. Source: OCI image-spec, image-layout.md. */
export async function openLayouts(): Promise<Backend> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-layouts-"));
  return {
    untags: true,
    createRepository: (name) => createLayout(join(root, name)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

/** An empty layout in a directory that need not be there. */
export async function createLayout(dir: string): Promise<SeedRepository> {
  await mkdir(join(dir, "blobs/sha256"), { recursive: true });
  await writeFile(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [] }));
  return openLayout(dir);
}

/** A layout that is there. */
export function openLayout(dir: string): SeedRepository {
  return { address: `oci:${dir}`, push, remove, read };

  async function push(content: Content, tag?: string): Promise<void> {
    await store(content);
    const annotations = tag === undefined ? {} : { annotations: { [REF_NAME]: tag } };
    const entry = { ...descriptor(content.mediaType, content), ...annotations };
    const others = (await entries()).filter((other) => tag === undefined || nameOf(other) !== tag);
    await writeEntries([...others, entry]);
  }

  async function store({ children, blobs, ...manifest }: Content): Promise<void> {
    for (const child of children) await store(child);
    for (const blob of [...blobs, manifest]) await storeBlob(blob);
  }

  async function storeBlob({ digest, bytes }: Bytes): Promise<void> {
    const file = blobFile(digest);
    const written = Date.now() / 1000 - BLOB_AGE_SECONDS;
    await writeFile(file, bytes);
    await utimes(file, written, written);
  }

  async function remove(tag: string): Promise<void> {
    await writeEntries((await entries()).filter((entry) => nameOf(entry) !== tag));
  }

  async function read(): ReturnType<SeedRepository["read"]> {
    const all = await entries();
    const tags = new Map<string, string>();
    for (const entry of all) {
      const name = nameOf(entry);
      if (name !== undefined) tags.set(name, String(field(entry, "digest")));
    }
    return readRepository({
      tags: async () => tags,
      manifest: (reference) => readBlob(tags.get(reference) ?? reference),
      blob: readBlob,
    });
  }

  async function readBlob(digest: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(blobFile(digest));
    } catch {
      return undefined;
    }
  }

  async function entries(): Promise<unknown[]> {
    const index: unknown = JSON.parse(await readFile(join(dir, "index.json"), "utf8"));
    const manifests = field(index, "manifests");
    if (!Array.isArray(manifests)) throw new Error(`${dir}/index.json has no manifests`);
    return manifests;
  }

  async function writeEntries(manifests: readonly unknown[]): Promise<void> {
    await writeFile(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  }

  function blobFile(digest: string): string {
    return join(dir, "blobs", digest.replace(":", "/"));
  }
}

function nameOf(entry: unknown): string | undefined {
  const name = field(field(entry, "annotations"), REF_NAME);
  return typeof name === "string" ? name : undefined;
}
