import { createHash } from "node:crypto";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";

/** Everything a fake registry holds. Tests seed and inspect it behind the registry's back. */
export interface RegistryState {
  readonly repositories: Map<string, RepositoryState>;
}

export interface RepositoryState {
  readonly manifests: Map<Digest, StoredManifest>;
  /** In the order of the first push. */
  readonly tags: Map<string, Digest>;
  readonly blobs: Map<Digest, Uint8Array>;
  readonly uploads: Map<string, Upload>;
}

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface Upload {
  chunks: Uint8Array[];
  size: number;
}

export function createState(): RegistryState {
  return { repositories: new Map() };
}

export function createRepository(): RepositoryState {
  return { manifests: new Map(), tags: new Map(), blobs: new Map(), uploads: new Map() };
}

/** The repository, made when it is not there. */
export function repositoryIn(state: RegistryState, name: string): RepositoryState {
  const known = state.repositories.get(name);
  if (known !== undefined) return known;
  const made = createRepository();
  state.repositories.set(name, made);
  return made;
}

/** The sha256 or sha512 digest of `bytes`, computed apart from the code under test. */
export function digestBy(algorithm: "sha256" | "sha512", bytes: Uint8Array): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** Whether `bytes` hash to `digest`. */
export function matches(bytes: Uint8Array, digest: Digest): boolean {
  return digestBy(digest.startsWith("sha512:") ? "sha512" : "sha256", bytes) === digest;
}

/** The digest a tag or a digest stands for, when there is a manifest under it. */
export function lookUp({ tags, manifests }: RepositoryState, key: string): Digest | undefined {
  const digest = isDigest(key) ? key : tags.get(key);
  return digest !== undefined && manifests.has(digest) ? digest : undefined;
}
