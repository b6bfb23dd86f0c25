import type { Digest } from "../../src/oci/digest.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { anyName } from "../../src/registry/names.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Registry, TagEntry } from "../../src/registry/registry.ts";
import { digestBy } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { referrersOf, removeManifest, removeTag } from "./memory-deletion.ts";
import type { DeletionRules } from "./memory-deletion.ts";
import type { Removed } from "./memory-deletion.ts";

/** One call that reached the registry. */
export interface Call {
  readonly op:
    | "list"
    | "list-manifests"
    | "head-blob"
    | "list-referrers"
    | "resolve"
    | "get"
    | "blob"
    | "put"
    | "put-blob"
    | "delete"
    | "untag";
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
  /** Manifests that went. */
  readonly digests: readonly string[];
}

export interface MemoryOptions {
  readonly capabilities?: Partial<Capabilities>;
  /** Whether a tag can go while its manifest stays; what `learn` answers. */
  readonly untags?: boolean;
  /** Whether there is a referrers API; what `learn` answers. */
  readonly tellsReferrers?: boolean;
  /** Whether a tag can be written once only. */
  readonly isImmutable?: boolean;
  /** When a manifest was pushed, where the listing tells times. Milliseconds since the epoch. */
  readonly pushedAt?: (digest: string) => number | undefined;
  /** Runs before a call is served; what it throws is the call's answer. */
  readonly before?: (call: Call) => void;
  /** Runs after a change was made. */
  readonly changed?: (mutation: Mutation) => void;
  /** A deletion that fails, and why. */
  readonly refuses?: (call: Call) => RegistryErrorCode | undefined;
  /** A deletion that is made and then answered with a failure. */
  readonly losesAnswer?: (call: Call) => boolean;
}

export interface MemoryRegistry extends Registry {
  readonly mutations: readonly Mutation[];
  readonly calls: () => number;
}

const CAPABILITIES: Capabilities = {
  nestedRepositories: true,
  repositoryComponents: 0,
  names: anyName,
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
  chunkedUploads: true,
  referrers: "probe",
  refusesIndexChildren: false,
  immutableTags: false,
  undelete: "none",
  serverCopy: false,
  garbageCollection: "server",
};

/** The port over a store in memory: strict, quick, as its record says, and with a log of every change. */
export function createMemoryRegistry(
  state: RepositoryState,
  options: MemoryOptions = {},
): MemoryRegistry {
  const { untags = true, tellsReferrers = true, isImmutable = false } = options;
  const { before, changed, refuses, losesAnswer, pushedAt = () => 0 } = options;
  let capabilities: Capabilities = { ...CAPABILITIES, ...options.capabilities };
  const mutations: Mutation[] = [];
  let calls = 0;

  const serve = (op: Call["op"], key: string): Call => {
    const call = { op, key, index: calls };
    calls += 1;
    before?.(call);
    return call;
  };
  const change = (
    op: Mutation["op"],
    key: string,
    { tags = [], digests = [] }: Partial<Removed> = {},
  ): void => {
    const mutation = { op, key, tags, digests };
    mutations.push(mutation);
    changed?.(mutation);
  };
  const remove = (
    op: "delete" | "untag",
    key: string,
    work: () => Removed,
  ): RegistryError | undefined => {
    const call = serve(op, key);
    const why = refuses?.(call);
    if (why !== undefined) return failure(why, key);
    const removed = work();
    if (removed.tags.length + removed.digests.length > 0) change(op, key, removed);
    if (removed.isRefused) return failure("conflict", key);
    return losesAnswer?.(call) === true ? failure("unavailable", key) : undefined;
  };
  const rules = (): DeletionRules => ({ ...capabilities, tellsReferrers });
  const found = (): Capabilities["referrers"] => (tellsReferrers ? "api" : "fallback-tag");

  return {
    host: "memory.test",
    mutations,
    calls: () => calls,
    get capabilities() {
      return capabilities;
    },
    async learn(_, { only } = {}) {
      if (only !== undefined) return { ...capabilities, referrers: found() };
      if (capabilities.tagDeletion === "probe") {
        capabilities = { ...capabilities, tagDeletion: untags ? "distribution" : "none" };
      }
      if (capabilities.referrers === "probe") {
        capabilities = { ...capabilities, referrers: found() };
      }
      return capabilities;
    },
    listRepositories: () => never("list repositories"),
    createRepository: () => Promise.resolve(),
    undelete: () => never("undelete"),
    checkRights: () => Promise.reject(new Error("nobody asks the store for rights")),
    async *listTags() {
      serve("list", "");
      const entries = [...state.tags].map(([tag, digest]) => entryOf(tag, digest));
      for (const entry of entries) yield entry;
    },
    async *listManifests() {
      if (!capabilities.untaggedListing) throw failure("unsupported", "manifests");
      serve("list-manifests", "");
      for (const [digest, { mediaType }] of new Map(state.manifests)) {
        const tags = [...state.tags].flatMap(([tag, on]) => (on === digest ? [tag] : []));
        yield { digest, tags, mediaType, ...timeOf(digest) };
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
      if (!("tag" in reference) && !capabilities.untaggedPut) throw failure("unsupported", "put");
      const digest = digestBy("sha256", bytes);
      if (isImmutable && "tag" in reference && (state.tags.get(reference.tag) ?? digest) !== digest)
        throw failure("conflict", reference.tag);
      state.manifests.set(digest, { mediaType, bytes });
      if ("tag" in reference) state.tags.set(reference.tag, digest);
      change("put", keyOf(reference));
      return { digest, mediaType, size: bytes.length };
    },
    async getBlob(_, digest, { from = 0 } = {}) {
      serve("blob", digest);
      const bytes = state.blobs.get(digest);
      if (bytes === undefined) throw failure("not-found", digest);
      return new Blob([Buffer.from(bytes.subarray(from))]).stream();
    },
    async putBlob(_, { digest }, content) {
      serve("put-blob", digest);
      const chunks = await Array.fromAsync("open" in content ? content.open(0) : content);
      state.blobs.set(digest, Buffer.concat(chunks));
      change("put-blob", digest);
    },
    mountBlob: () => Promise.resolve(false),
    copyFrom: () => Promise.reject(failure("unsupported", "copies")),
    async *deleteTags(_, tags) {
      if (!untags) throw failure("unsupported", "tags");
      for (const tag of tags) {
        const error = remove("untag", tag, () => removeTag(state, tag, rules()));
        yield error === undefined ? { tag, status: "deleted" } : { tag, status: "failed", error };
      }
    },
    async *deleteManifests(_, digests, { tags } = {}) {
      if (capabilities.manifestDeletion === "none") throw failure("unsupported", "manifests");
      for (const digest of digests) {
        const told = tags?.get(digest) ?? [];
        const error = remove("delete", digest, () => removeManifest(state, digest, told, rules()));
        yield error === undefined
          ? { digest, status: "deleted" }
          : { digest, status: "failed", error };
      }
    },
    async hasBlob(_, digest) {
      serve("head-blob", digest);
      return state.blobs.has(digest);
    },
    async *listReferrers({ digest }) {
      serve("list-referrers", digest);
      for (const at of referrersOf(state, digest)) {
        const stored = state.manifests.get(at);
        if (stored === undefined) continue;
        yield { digest: at, mediaType: stored.mediaType, size: stored.bytes.length };
      }
    },
    async collectGarbage() {
      if (capabilities.garbageCollection === "server")
        throw failure("unsupported", "collectGarbage");
      const texts = [...state.manifests.values()].map(({ bytes }) => Buffer.from(bytes).toString());
      const unused = [...state.blobs.keys()].filter(
        (digest) => !texts.some((text) => text.includes(digest)),
      );
      for (const digest of unused) state.blobs.delete(digest);
      return { blobs: unused.length, bytes: 0 };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  function entryOf(tag: string, digest: Digest): TagEntry {
    const stored = state.manifests.get(digest);
    if (capabilities.listing === "names" || stored === undefined) return { tag };
    const told = { tag, digest, mediaType: stored.mediaType };
    return { ...told, ...timeOf(digest) };
  }

  function timeOf(digest: string): { readonly pushedAt?: number } {
    if (capabilities.listing !== "digests-and-times") return {};
    const time = pushedAt(digest);
    return time === undefined ? {} : { pushedAt: time };
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
