import type { PlannedManifest } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { mayPointAtOthers } from "../../oci/media-type.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import { missesPart, putWhole } from "../publish/put-whole.ts";
import { NeedError, StoppedError } from "./copy-outcome.ts";
import type { CopyRun } from "./copy-run.ts";
import type { CopySource } from "./copy-source.ts";
import type { CopyTarget } from "./copy-target.ts";
import type { ReferrerTags } from "./referrer-tags.ts";

/** Stores manifests with whatever they need, each once. */
export interface ManifestCopier {
  /**
   * Answers whether the tag was set with it: not when somebody stored the manifest before. Rejects with `NeedError` when
   * something that it needs, and that has a tag, could not be stored.
   *
   * @param as The tag to store it under. Absent: by digest.
   */
  store(digest: Digest, as?: string): Promise<boolean>;
  /** Sets a tag on what is stored. */
  tag(digest: Digest, as: string): Promise<void>;
}

export interface CopierParts {
  readonly source: CopySource;
  readonly to: CopyTarget;
  readonly manifests: ReadonlyMap<Digest, PlannedManifest>;
  /** The tags that a manifest is to get. */
  readonly tagsOf: (digest: Digest) => readonly string[];
  /** Those of them that may be set already. */
  readonly freeTagsOf: (digest: Digest) => readonly string[];
  readonly referrerTags: ReferrerTags;
  /** Throws `StoppedError` when nothing more is to be begun. */
  readonly check: () => void;
}

/** Blobs of a manifest that are mounted rather than asking the registry to copy it. */
const MAX_MOUNTS = 2;

export function createManifestCopier(parts: CopierParts, run: CopyRun): ManifestCopier {
  const { source, to, manifests, tagsOf, freeTagsOf, referrerTags, check } = parts;
  const { state, progress, deps } = run;
  const { signal } = deps;
  const stored = new Map<Digest, Promise<void>>();
  /** Tags that the registry has set by itself. */
  const copied = new Set<string>();
  const mayCopyByItself =
    to.registry.capabilities.serverCopy && source.repository.host === to.repository.host;

  return {
    store,
    async tag(digest, as) {
      if (copied.has(as)) return;
      check();
      await put(plannedOf(digest), as);
    },
  };

  async function store(digest: Digest, as?: string): Promise<boolean> {
    const known = stored.get(digest);
    const storing = known ?? storeNow(plannedOf(digest), as);
    stored.set(digest, storing);
    await storing;
    return known === undefined && as !== undefined;
  }

  async function storeNow(planned: PlannedManifest, as: string | undefined): Promise<void> {
    check();
    const { digest } = planned;
    const isKnown = as === undefined && state.has(to.address, "manifest", digest);
    if (isKnown) {
      await enter(planned);
    } else if (!(await copyByItself(planned, as))) {
      await storeNeeds(planned);
      await to.uploader.uploadBlobs(planned.blobs, source);
      check();
      await put(planned, as);
    }
    progress.manifestDone();
  }

  /** All tags of one manifest go in one request: some registries copy with all of them, or not at all. */
  async function copyByItself(planned: PlannedManifest, as: string | undefined): Promise<boolean> {
    if (!isWorthAsking(planned)) return false;
    const { host, name } = source.repository;
    const { digest } = planned;
    const tags = as === undefined ? [] : freeTagsOf(digest);
    const options = { tags, signal };
    const outcome = await to.registry.copyFrom(to.repository, { host, name, digest }, options);
    if (outcome === "refused") return false;
    for (const tag of tags) copied.add(tag);
    to.copied();
    await enter(planned);
    state.add(to.address, "manifest", digest);
    return true;
  }

  /** A copy by the registry costs some requests of its own: a few mounts are cheaper, where it mounts. */
  function isWorthAsking({ blobs, after }: PlannedManifest): boolean {
    if (!mayCopyByItself) return false;
    const doesNotMount = to.uploader.counts().uploaded > 0;
    const unknown = blobs.filter(({ digest }) => !to.uploader.knows(digest));
    return doesNotMount || unknown.length > MAX_MOUNTS || after.some((one) => !stored.has(one));
  }

  async function storeNeeds({ after }: PlannedManifest): Promise<void> {
    const settled = await Promise.allSettled(after.map((digest) => store(digest)));
    for (const [at, outcome] of settled.entries()) {
      if (outcome.status === "fulfilled") continue;
      throw reasonToWait(outcome.reason, after[at]);
    }
  }

  /** What has no tag of its own fails what needs it: nothing else would tell of it. */
  function reasonToWait(reason: unknown, needed: Digest | undefined): unknown {
    const isTold = needed !== undefined && tagsOf(needed).length > 0;
    return isTold && !(reason instanceof StoppedError) ? new NeedError(reason) : reason;
  }

  async function put(planned: PlannedManifest, as: string | undefined): Promise<void> {
    const { digest } = planned;
    const body = await source.read(planned, signal);
    try {
      await to.registry.putManifest(referenceTo(digest, as), body, { signal });
    } catch (error) {
      if (!lacksPart(error)) throw error;
      await putAgain(planned, body, as);
    }
    to.stored();
    await referrerTags.add(body);
    state.add(to.address, "manifest", digest);
  }

  /** What is stored already may be in no index of referrers: a run may have been killed before it wrote one. */
  async function enter(planned: PlannedManifest): Promise<void> {
    if (!mayPointAtOthers(planned.mediaType)) return;
    await referrerTags.add(await source.read(planned, signal));
  }

  /** What the target was believed to have is brought once more. */
  async function putAgain(
    planned: PlannedManifest,
    body: ManifestBody,
    as: string | undefined,
  ): Promise<void> {
    const { blobs, after, digest } = planned;
    to.uploader.doubt(blobs.map((blob) => blob.digest));
    for (const needed of after) {
      stored.delete(needed);
      state.forget(to.address, "manifest", needed);
    }
    await storeNeeds(planned);
    await to.uploader.uploadBlobs(blobs, source);
    await putWhole(to.registry, referenceTo(digest, as), body, deps);
  }

  function referenceTo(
    digest: Digest,
    as: string | undefined,
  ): Parameters<Registry["putManifest"]>[0] {
    const { host, name } = to.repository;
    return as === undefined ? { host, name, digest } : { host, name, tag: as };
  }

  function plannedOf(digest: Digest): PlannedManifest {
    const planned = manifests.get(digest);
    if (planned === undefined) throw new Error(`the plan of the migration lacks ${digest}`);
    return planned;
  }
}

/** Whether the target misses a blob of a manifest, or a manifest that it names. */
function lacksPart(error: unknown): boolean {
  if (missesPart(error)) return true;
  return isRegistryError(error) && error.registryCode === "MANIFEST_UNKNOWN";
}
