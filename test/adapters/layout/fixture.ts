import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRegistry } from "../../../adapters/layout/adapter.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../../src/oci/media-type.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterContext } from "../../../src/registry/adapter.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export interface Scratch extends AsyncDisposable {
  /** Of a directory that does not exist yet. */
  readonly repository: Repository;
  readonly path: string;
}

export async function scratch(): Promise<Scratch> {
  const parent = await mkdtemp(join(tmpdir(), "layout-"));
  const path = join(parent, "images");
  return {
    repository: { host: "oci", name: path },
    path,
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}

export async function open(now: () => Date = () => new Date()): Promise<Registry> {
  const context: AdapterContext = {
    host: "oci",
    http: {
      send: () => Promise.reject(new RegistryError("unsupported", "a layout has no network")),
      counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    credentials: { find: async () => undefined },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now,
  };
  return await openRegistry(context);
}

export interface Content {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

/** An image of its own for every `name`: a config and one layer. */
export function image(name: string, fields: object = {}): Content {
  const config = json({
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [] },
    name,
  });
  const layer = new TextEncoder().encode(`layer of ${name}`);
  return manifest(OCI_MANIFEST, [config, layer], {
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER_GZIP, layer)],
    ...fields,
  });
}

export function index(children: readonly Content[], fields: object = {}): Content {
  const manifests = children.map((child) => descriptor(child.mediaType, child.bytes));
  return manifest(OCI_INDEX, [], { manifests, ...fields });
}

export function descriptor(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Pushes the blobs, then the manifest under a tag or, without one, under its digest. */
export async function push(
  registry: Registry,
  repository: Repository,
  { content, tag }: { readonly content: Content; readonly tag?: string },
): Promise<Digest> {
  for (const bytes of content.blobs) {
    await registry.putBlob(
      repository,
      { digest: digestOf(bytes), size: bytes.length },
      once(bytes),
    );
  }
  const reference = tag === undefined ? { digest: content.digest } : { tag };
  return (await registry.putManifest({ ...repository, ...reference }, content)).digest;
}

/** What each tag points at. */
export async function tagsOf(
  registry: Registry,
  repository: Repository,
): Promise<Record<string, string>> {
  const entries = await Array.fromAsync(registry.listTags(repository));
  const pairs = entries.map(({ tag, digest }): [string, string] => [tag, digest ?? ""]);
  return Object.fromEntries(pairs);
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function manifest(mediaType: string, blobs: readonly Uint8Array[], fields: object): Content {
  const bytes = json({ schemaVersion: 2, mediaType, ...fields });
  return { mediaType, digest: digestOf(bytes), bytes, blobs };
}
