import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import type { Manifest, ManifestBody } from "../../oci/manifest.ts";
import { OCI_INDEX, mayPointAtOthers } from "../../oci/media-type.ts";
import { formatRepository } from "../../oci/reference.ts";
import { referrersTag } from "../../oci/referrers-tag.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import type { CommandDeps } from "../deps.ts";
import type { CopyRun } from "./copy-run.ts";
import type { CopyTarget } from "./copy-target.ts";
import { createReferrerLists } from "./referrer-lists.ts";

/** Lets referrers be found in a target without the endpoint for them: by the index under their subject's tag. */
export interface ReferrerTags {
  /** After a manifest was stored: enters it into the index of its subject, where it has one and the target needs that. */
  add(body: ManifestBody): Promise<void>;
  /**
   * Those that were stored and that nobody finds: the index of their subject is one of the source's own, which was written
   * before the source told of them otherwise.
   */
  untold(): Promise<readonly Digest[]>;
}

/** @param planned Tags that are copied as they are: an index among them is the source's own. */
export function createReferrerTags(
  { registry, repository }: Pick<CopyTarget, "registry" | "repository">,
  planned: ReadonlySet<string>,
  { deps, warn }: { readonly deps: Pick<CommandDeps, "signal"> } & Pick<CopyRun, "warn">,
): ReferrerTags {
  const { signal } = deps;
  /** The last change of each index. */
  const changes = new Map<string, Promise<void>>();
  /** What the next change of an index brings: all that came while one was on its way. */
  const waiting = new Map<string, Descriptor[]>();
  /** Subjects of referrers whose index is copied. */
  const copied = new Map<Digest, Digest>();
  let isNeeded: Promise<boolean> | undefined;

  return {
    async add(body) {
      const manifest = mayPointAtOthers(body.mediaType) ? read(body) : undefined;
      if (manifest?.subject === undefined) return;
      const tag = referrersTag(manifest.subject.digest);
      if (planned.has(tag)) copied.set(body.digest, manifest.subject.digest);
      if (planned.has(tag)) return;
      isNeeded ??= lacksEndpoint();
      if (!(await isNeeded)) return;
      const others = waiting.get(tag) ?? [];
      others.push(describe(body, manifest));
      waiting.set(tag, others);
      const before = changes.get(tag) ?? Promise.resolve();
      const change = before.then(() => enterWaiting(tag));
      changes.set(
        tag,
        change.catch(() => undefined), // Whoever made it is told; the next one reads the index anew.
      );
      await change;
    },
    async untold() {
      const lists = createReferrerLists({ registry, repository }, deps);
      const untold: Digest[] = [];
      for (const [digest, subject] of copied) {
        if (!(await lists.tells(digest, subject))) untold.push(digest);
      }
      return untold;
    },
  };

  async function lacksEndpoint(): Promise<boolean> {
    const { referrers } = await registry.learn(repository, { only: "referrers", signal });
    return referrers === "fallback-tag";
  }

  async function enterWaiting(tag: string): Promise<void> {
    const referrers = waiting.get(tag) ?? [];
    waiting.delete(tag);
    if (referrers.length === 0) return;
    try {
      await enter(tag, referrers);
    } catch (error) {
      if (!isRegistryError(error, "conflict")) throw error;
      // What it is about is no worse for that, and whoever knows the digest finds it.
      const digests = referrers.map(({ digest }) => digest).join(", ");
      warn(`${digests} cannot be found by what it is about: ${error.message}`);
    }
  }

  async function enter(tag: string, referrers: readonly Descriptor[]): Promise<void> {
    const { host, name } = repository;
    const others = await readIndex(tag);
    const known = new Set(others.map(({ digest }) => digest));
    const fresh = referrers.filter(({ digest }) => !known.has(digest));
    if (fresh.length === 0) return;
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...others, ...fresh] };
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    await registry.putManifest({ host, name, tag }, { mediaType: OCI_INDEX, bytes }, { signal });
  }

  async function readIndex(tag: string): Promise<readonly Descriptor[]> {
    const { host, name } = repository;
    try {
      const manifest = read(await registry.getManifest({ host, name, tag }, { signal }));
      if (manifest?.kind === "index") return manifest.children;
    } catch (error) {
      if (isRegistryError(error, "not-found")) return [];
      throw error;
    }
    // Somebody's own tag is not replaced.
    throw new RegistryError("conflict", `${formatRepository(repository)}:${tag} is no index`);
  }
}

function read(body: ManifestBody): Manifest | undefined {
  try {
    return parseManifest(body);
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** Source: OCI distribution-spec, "Pushing Manifests with Subject": the type of an image is that of its config. */
function describe(
  { mediaType, digest, bytes }: { mediaType: string; digest: Digest; bytes: Uint8Array },
  manifest: Manifest,
): Descriptor {
  const { annotations } = manifest;
  const config = manifest.kind === "image" ? manifest.config.mediaType : "";
  const artifactType = manifest.artifactType ?? config;
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(artifactType === "" ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
