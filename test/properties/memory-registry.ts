import type { Digest } from "../../src/oci/digest.ts";
import { isDigest } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Registry, TagEntry } from "../../src/registry/registry.ts";
import { digestBy } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";

/** One call that reached the registry. */
export interface Call {
  readonly op: "list" | "resolve" | "get" | "blob" | "put" | "put-blob" | "delete" | "untag";
  /** A tag, a digest, or nothing. */
  readonly key: string;
  /** Counts all calls from 0. */
  readonly index: number;
}

/** A change, as it was made. */
export interface Mutation {
  readonly op: "put" | "put-blob" | "delete" | "untag";
  readonly key: string;
  /** Tags that went with it. */
  readonly tags: readonly string[];
}

export interface MemoryOptions {
  readonly capabilities?: Partial<Capabilities>;
  /** Whether a tag can go while its manifest stays; what `learn` answers. */
  readonly untags?: boolean;
  /** Runs before a call is served; what it throws is the call's answer. */
  readonly before?: (call: Call) => void;
  /** Runs after a change was made. */
  readonly changed?: (mutation: Mutation) => void;
  /** A deletion that fails, and why. */
  readonly refuses?: (call: Call) => RegistryErrorCode | undefined;
}

export interface MemoryRegistry extends Registry {
  readonly mutations: readonly Mutation[];
  readonly calls: () => number;
}

const CAPABILITIES: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  repositoryCreation: "implicit",
  repositoryListing: true,
  tagDeletion: "probe",
  manifestDeletion: "distribution",
  tagBatchSize: 1,
  deletionBatchSize: 1,
  listing: "names",
  listingPaging: "cursor",
  untaggedListing: false,
  deletionCascade: ["tags"],
  refusesTagged: false,
  lastTagTakesManifest: false,
  untaggedPut: true,
  referrers: "probe",
  refusesIndexChildren: false,
  immutableTags: false,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};

/** The port over a store in memory: strict, quick, and with a log of every change. */
export function createMemoryRegistry(
  state: RepositoryState,
  { untags = true, before, changed, refuses, ...options }: MemoryOptions = {},
): MemoryRegistry {
  let capabilities: Capabilities = { ...CAPABILITIES, ...options.capabilities };
  const mutations: Mutation[] = [];
  let calls = 0;

  const serve = (op: Call["op"], key: string): Call => {
    const call = { op, key, index: calls };
    calls += 1;
    before?.(call);
    return call;
  };
  const change = (op: Mutation["op"], key: string, tags: readonly string[]): void => {
    const mutation = { op, key, tags };
    mutations.push(mutation);
    changed?.(mutation);
  };

  return {
    host: "memory.test",
    mutations,
    calls: () => calls,
    get capabilities() {
      return capabilities;
    },
    async learn(_, { only } = {}) {
      if (only !== undefined) return { ...capabilities, referrers: "api" };
      if (capabilities.tagDeletion === "probe") {
        capabilities = { ...capabilities, tagDeletion: untags ? "distribution" : "none" };
      }
      if (capabilities.referrers === "probe") {
        capabilities = { ...capabilities, referrers: "api" };
      }
      return capabilities;
    },
    listRepositories: () => never("list repositories"),
    undelete: () => never("undelete"),
    checkRights: () => Promise.reject(new Error("nobody asks the store for rights")),
    async *listTags() {
      serve("list", "");
      const entries = [...state.tags].map(([tag, digest]) => entryOf(tag, digest));
      for (const entry of entries) yield entry;
    },
    async *listManifests() {
      if (!capabilities.untaggedListing) throw failure("unsupported", "manifests");
      serve("list", "");
      for (const [digest, { mediaType }] of [...state.manifests]) {
        const tags = [...state.tags].flatMap(([tag, on]) => (on === digest ? [tag] : []));
        const times = capabilities.listing === "digests-and-times" ? { pushedAt: 0 } : {};
        yield { digest, tags, mediaType, ...times };
      }
    },
    async resolve(reference) {
      const key = keyOf(reference);
      serve("resolve", key);
      const digest = lookUp(state, key);
      const stored = digest === undefined ? undefined : state.manifests.get(digest);
      if (digest === undefined || stored === undefined) return undefined;
      return { digest, mediaType: stored.mediaType, size: stored.bytes.length };
    },
    async getManifest(reference) {
      const key = keyOf(reference);
      serve("get", key);
      const digest = lookUp(state, key);
      const stored = digest === undefined ? undefined : state.manifests.get(digest);
      if (digest === undefined || stored === undefined) throw failure("not-found", key);
      return { ...stored, digest };
    },
    async putManifest(reference, { mediaType, bytes }) {
      serve("put", keyOf(reference));
      const digest = digestBy("sha256", bytes);
      state.manifests.set(digest, { mediaType, bytes });
      if ("tag" in reference) state.tags.set(reference.tag, digest);
      change("put", keyOf(reference), []);
      return { digest, mediaType, size: bytes.length };
    },
    async getBlob(_, digest) {
      serve("blob", digest);
      const bytes = state.blobs.get(digest);
      if (bytes === undefined) throw failure("not-found", digest);
      return new Blob([Buffer.from(bytes)]).stream();
    },
    async putBlob(_, { digest }, content) {
      serve("put-blob", digest);
      const chunks = await Array.fromAsync(content);
      state.blobs.set(digest, Buffer.concat(chunks));
      change("put-blob", digest, []);
    },
    async *deleteTags(_, tags) {
      if (!untags) throw failure("unsupported", "tags");
      for (const tag of tags) {
        const why = refuses?.(serve("untag", tag));
        if (why !== undefined) {
          yield { tag, status: "failed", error: failure(why, tag) };
          continue;
        }
        if (state.tags.delete(tag)) change("untag", tag, [tag]);
        yield { tag, status: "deleted" };
      }
    },
    async *deleteManifests(_, digests) {
      if (capabilities.manifestDeletion === "none") throw failure("unsupported", "manifests");
      for (const digest of digests) {
        const why = refuses?.(serve("delete", digest));
        if (why !== undefined) {
          yield { digest, status: "failed", error: failure(why, digest) };
          continue;
        }
        const on = [...state.tags].flatMap(([tag, target]) => (target === digest ? [tag] : []));
        for (const tag of on) state.tags.delete(tag);
        if (state.manifests.delete(digest)) change("delete", digest, on);
        yield { digest, status: "deleted" };
      }
    },
    hasBlob: () => Promise.reject(failure("unsupported", "hasBlob")),
    async *listReferrers({ digest }) {
      serve("list", digest);
      for (const [at, { mediaType, bytes }] of [...state.manifests]) {
        const { subject } = parseManifest({ mediaType, bytes });
        if (subject?.digest === digest) yield { digest: at, mediaType, size: bytes.length };
      }
    },
    collectGarbage: () => Promise.reject(failure("unsupported", "collectGarbage")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  function entryOf(tag: string, digest: Digest): TagEntry {
    const stored = state.manifests.get(digest);
    if (capabilities.listing === "names" || stored === undefined) return { tag };
    const told = { tag, digest, mediaType: stored.mediaType };
    return capabilities.listing === "digests" ? told : { ...told, pushedAt: 0 };
  }
}

export function failure(code: RegistryErrorCode, what: string): RegistryError {
  return new RegistryError(code, `memory.test: ${what}: ${code}`);
}

function keyOf(reference: Reference): string {
  return "tag" in reference ? reference.tag : reference.digest;
}

function lookUp({ tags }: RepositoryState, key: string): Digest | undefined {
  return isDigest(key) ? key : tags.get(key);
}

// oxlint-disable-next-line require-yield
async function* never(what: string): AsyncGenerator<never> {
  throw new Error(`nobody asks the store to ${what}`);
}
