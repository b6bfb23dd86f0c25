import { gzipSync } from "node:zlib";

import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeOptions, ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState, StoredManifest } from "../../../contract-tests/fakes/state.ts";
import { publish } from "../../../src/commands/publish/publish.ts";
import type { PublishResult } from "../../../src/commands/publish/published.ts";
import type {
  PublishDeps,
  PublishImage,
  PublishRequest,
} from "../../../src/commands/publish/request.ts";
import type { LockManager } from "../../../src/locks/lock.ts";
import { openNoLocks } from "../../../src/locks/no-locks.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../../src/oci/media-type.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import type { Source, SourceImage } from "../../../src/sources/source.ts";
import { soleRunner } from "../../properties/runner.ts";

/** A registry in this process, and publishers of it. */
export interface World extends AsyncDisposable {
  readonly server: ListeningRegistry;
  /** A repository in it. */
  at(name: string): Repository;
  state(name: string): RepositoryState;
  /** Stores a manifest behind the publisher's back. */
  store(name: string, manifest: StoredManifest): Digest;
  /** Requests since the last call, as `METHOD what/key`. */
  requests(): string[];
  publish(request: Partial<PublishRequest>, deps?: Partial<PublishDeps>): Promise<PublishResult>;
  readonly warnings: string[];
  /** A repository with the registry that it lies in. */
  place(name: string): { readonly registry: Registry; readonly repository: Repository };
  /** Opens the registry as one that mounts nothing. */
  readonly openUnmounting: PublishDeps["openRegistry"];
}

export interface WorldSpec {
  readonly fake?: FakeOptions;
  readonly faults?: readonly FaultRule[];
  readonly locks?: () => LockManager;
}

/** When every run begins. Milliseconds since the epoch. */
export const NOW = 1_760_000_000_000;

export const DIGEST = "ab".repeat(28);

export async function openWorld({ fake = {}, faults = [], locks }: WorldSpec = {}): Promise<World> {
  const registry = createFakeRegistry(fake);
  const server = await withFaults(registry, ...faults).listen();
  const opened = await openDefault({ host: server.host });
  const warnings: string[] = [];
  let seen = 0;
  const at = (name: string): Repository => ({ host: server.host, name });
  const nobody = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));
  return {
    server,
    at,
    state: (name) => repositoryIn(registry.state, name),
    warnings,
    place: (name) => ({ registry: opened.registry, repository: at(name) }),
    openUnmounting: () =>
      Promise.resolve({ ...opened.registry, mountBlob: () => Promise.resolve(false) }),
    store(name, manifest) {
      const digest = digestOf(manifest.bytes);
      repositoryIn(registry.state, name).manifests.set(digest, manifest);
      return digest;
    },
    requests() {
      const all = server.requests().slice(seen);
      seen += all.length;
      return all.map(({ method, path }) => `${method} ${path.replace(/^\/v2\//, "")}`);
    },
    async publish(request, deps = {}) {
      const now = (): Date => new Date(NOW);
      return publish(
        {
          project: "shop",
          version: "tidemark 0",
          repositories: { primary: at("shop"), caches: [], secondaries: [] },
          images: [],
          lock: {
            synchronization: { kind: locks === undefined ? "none" : "local" },
            waitMs: 1_000,
            otherwise: "lock-free",
          },
          checksBlobs: false,
          ...request,
        },
        {
          openRegistry: () => Promise.resolve(opened.registry),
          openLocks: () => Promise.resolve((locks ?? openNoLocks)()),
          readHistory: nobody,
          openClusters: nobody,
          readImageNames: nobody,
          openJournal: nobody,
          runner: soleRunner(NOW),
          report: (event) => {
            if (event.type === "warning.raised") warnings.push(event.message);
          },
          signal: new AbortController().signal,
          now,
          random: () => 0,
          requests: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
          parallel: 4,
          ...deps,
        },
      );
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

export interface ImageSpec {
  readonly platform?: string;
  readonly layers?: readonly string[];
  readonly media?: "oci" | "docker";
  readonly labels?: Readonly<Record<string, string>>;
}

/** The methods of requests, in their order. */
export function methodsOf(requests: readonly string[]): (string | undefined)[] {
  return requests.map((line) => line.split(" ")[0]);
}

/** Stores the only image of a source behind the publisher's back. Answers its digest. */
export function push(
  state: RepositoryState,
  { images: [image], blobs }: MemorySource,
  tag: string,
): Digest {
  if (image === undefined) throw new Error("the source has no image");
  for (const [digest, bytes] of blobs) state.blobs.set(digest, bytes);
  const { mediaType, bytes, digest } = image.manifest;
  state.manifests.set(digest, { mediaType, bytes });
  state.tags.set(tag, digest);
  return digest;
}

export interface MemorySource extends Source {
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** A source of images in memory, one for each platform. */
export function sourceOf(...specs: readonly ImageSpec[]): MemorySource {
  const blobs = new Map<Digest, Uint8Array>();
  const images = (specs.length === 0 ? [{}] : specs).map((spec) => imageOf(spec, blobs));
  return {
    address: "memory",
    images,
    blobs,
    async *openBlob(digest, from) {
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw new Error(`the source has no ${digest}`);
      yield bytes.subarray(from);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A final image with a stage digest of its own. */
export function imageNamed(name: string, more: Partial<PublishImage> = {}): PublishImage {
  return { name, source: sourceOf(), isFinal: true, ...more };
}

/** A lock manager over one lock for each name, for all in this process. */
export function sharedLocks(more: Partial<LockManager> = {}): () => LockManager {
  const tails = new Map<string, Promise<void>>();
  return () => ({
    address: "test",
    reach: "everywhere",
    async acquire(name) {
      const before = tails.get(name);
      const free = Promise.withResolvers<void>();
      tails.set(name, free.promise);
      await before;
      return {
        name,
        signal: new AbortController().signal,
        remainingMs: () => 10_000,
        release: async () => free.resolve(),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...more,
  });
}

function imageOf(
  { platform = "linux/amd64", layers = ["base", "app"], media = "oci", labels = {} }: ImageSpec,
  blobs: Map<Digest, Uint8Array>,
): SourceImage {
  const isOci = media === "oci";
  const [os = "", architecture = ""] = platform.split("/");
  const stored = layers.map((text) => {
    const bytes = gzipSync(text);
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    const mediaType = isOci ? OCI_LAYER_GZIP : DOCKER_LAYER_GZIP;
    return { mediaType, digest, size: bytes.length };
  });
  const diffIds = layers.map((text) => digestOf(Buffer.from(text)));
  const configBytes = encode({
    architecture,
    os,
    config: { Env: ["A=b"], Labels: labels },
    rootfs: { type: "layers", diff_ids: diffIds },
  });
  const config = {
    mediaType: isOci ? OCI_CONFIG : DOCKER_CONFIG,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  blobs.set(config.digest, configBytes);
  const mediaType = isOci ? OCI_MANIFEST : DOCKER_MANIFEST;
  const bytes = encode({ schemaVersion: 2, mediaType, config, layers: stored });
  const manifest = { mediaType, digest: digestOf(bytes), bytes };
  return { platform, manifest, config, configBytes, layers: stored };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
