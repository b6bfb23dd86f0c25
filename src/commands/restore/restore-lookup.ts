import type { RestoreItem } from "../../engine/restore/items.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { mapParallel } from "../parallel.ts";
import type { Missing } from "./restore-result.ts";

/** What is there of an item by now. */
export interface Found {
  readonly present: boolean;
  /** What each of its tags names; absent: nothing. */
  readonly tags: ReadonlyMap<string, Digest>;
}

/** Looks what the registry still has, each blob and each manifest once. */
export interface Lookup {
  find(item: RestoreItem): Promise<Found>;
  /** What is gone of what an item points at. */
  missing(item: RestoreItem): Promise<readonly Missing[]>;
  /** Remembers what became of a manifest. */
  settle(digest: Digest, isThere: boolean): void;
}

export interface LookupOptions {
  readonly registry: Pick<Registry, "resolve" | "hasBlob">;
  readonly repository: Repository;
  readonly parallel: number;
  readonly signal: AbortSignal;
}

export function createLookup({ registry, repository, parallel, signal }: LookupOptions): Lookup {
  const { host, name } = repository;
  const blobs = new Map<Digest, Promise<boolean>>();
  const manifests = new Map<Digest, Promise<boolean>>();

  return {
    async find({ digest, tags }) {
      const named = new Map<string, Digest>();
      for (const tag of tags) {
        const now = await registry.resolve({ host, name, tag }, { signal });
        if (now !== undefined) named.set(tag, now.digest);
      }
      const isNamed = [...named.values()].includes(digest);
      return { present: isNamed || (await resolves(digest)), tags: named };
    },
    async missing(item) {
      const gone: Missing[] = [];
      await mapParallel(item.blobs, parallel, async (digest) => {
        if (!(await hasBlob(digest))) gone.push({ kind: "blob", digest });
      });
      await mapParallel(item.children, parallel, async (digest) => {
        if (!(await hasManifest(digest))) gone.push({ kind: "child", digest });
      });
      return gone;
    },
    settle: (digest, isThere) => void manifests.set(digest, Promise.resolve(isThere)),
  };

  function hasBlob(digest: Digest): Promise<boolean> {
    const known = blobs.get(digest) ?? registry.hasBlob(repository, digest, { signal });
    blobs.set(digest, known);
    return known;
  }

  function hasManifest(digest: Digest): Promise<boolean> {
    const known = manifests.get(digest) ?? resolves(digest);
    manifests.set(digest, known);
    return known;
  }

  async function resolves(digest: Digest): Promise<boolean> {
    return (await registry.resolve({ host, name, digest }, { signal })) !== undefined;
  }
}
