import type { Digest } from "../../../src/oci/digest.ts";
import { createState } from "../state.ts";
import type { RegistryState, RepositoryState, StoredManifest } from "../state.ts";

/** A version of a package as the API knows it, which may be later than the registry. */
export interface FakeVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly createdAt: number;
  updatedAt: number;
  /** Higher is later, where times are equal. */
  order: number;
  readonly tags: Set<string>;
}

export interface DeletedVersion extends FakeVersion {
  readonly manifest: StoredManifest;
  readonly deletedAt: number;
}

export interface FakePackage {
  /** Which manifest a tag stands on, as far as the API knows. */
  readonly tags: Map<string, Digest>;
  /** Digests of versions, those that are gone too. */
  readonly ids: Map<number, Digest>;
  /** By digest. */
  readonly versions: Map<Digest, FakeVersion>;
  /** By id. */
  readonly deleted: Map<number, DeletedVersion>;
}

/** The packages behind a registry's state: every change of the state is a change of a version, after a lag. */
export interface FakePackages {
  readonly state: RegistryState;
  /** By repository name; `undefined` when it has no version. */
  get(name: string): FakePackage | undefined;
  /** Names that have a version. */
  names(): readonly string[];
  /** Deleted versions of packages that are gone too. */
  goneWith(name: string): FakePackage | undefined;
  remove(name: string, version: FakeVersion): void;
  restore(name: string, version: DeletedVersion): void;
}

interface Change {
  readonly visibleAt: number;
  readonly apply: () => void;
}

/** @param lagMs How long a push stays unknown to the API. */
export function createPackages(now: () => number, lagMs: number): FakePackages {
  const packages = new Map<string, FakePackage>();
  const pending: Change[] = [];
  const watched = new WeakSet<RepositoryState>();
  let nextId = 1000;
  let changes = 0;

  const state = createState();
  observe(state.repositories, {
    set: (name, repository) => {
      if (watched.has(repository)) return;
      watched.add(repository);
      watch(name, repository);
    },
  });

  return {
    state,
    get: (name) => {
      catchUp();
      const found = packages.get(name);
      return found === undefined || found.versions.size === 0 ? undefined : found;
    },
    names: () => {
      catchUp();
      return [...packages].filter(([, { versions }]) => versions.size > 0).map(([name]) => name);
    },
    goneWith: (name) => packages.get(name),
    remove,
    restore,
  };

  function watch(name: string, repository: RepositoryState): void {
    const { versions, tags, ids } = packageOf(name);
    observe(repository.manifests, {
      set: (digest) =>
        later(() => {
          ids.set(touch(versions, digest).id, digest);
        }),
      delete: (digest) => later(() => versions.delete(digest)),
    });
    observe(repository.tags, {
      set: (tag, digest) =>
        later(() => {
          holderOf(tag)?.tags.delete(tag);
          tags.set(tag, digest);
          touch(versions, digest).tags.add(tag);
        }),
      delete: (tag) =>
        later(() => {
          const holder = holderOf(tag);
          tags.delete(tag);
          if (holder === undefined) return;
          holder.tags.delete(tag);
          touch(versions, holder.digest);
        }),
    });

    function holderOf(tag: string): FakeVersion | undefined {
      const digest = tags.get(tag);
      return digest === undefined ? undefined : versions.get(digest);
    }
  }

  function packageOf(name: string): FakePackage {
    const known = packages.get(name) ?? {
      tags: new Map(),
      ids: new Map(),
      versions: new Map(),
      deleted: new Map(),
    };
    packages.set(name, known);
    return known;
  }

  function touch(versions: Map<Digest, FakeVersion>, digest: Digest): FakeVersion {
    changes += 1;
    const known = versions.get(digest);
    if (known !== undefined) {
      known.updatedAt = now();
      known.order = changes;
      return known;
    }
    const made: FakeVersion = {
      id: nextId++,
      digest,
      createdAt: now(),
      updatedAt: now(),
      order: changes,
      tags: new Set<string>(),
    };
    versions.set(digest, made);
    return made;
  }

  function remove(name: string, version: FakeVersion): void {
    const repository = state.repositories.get(name);
    const { versions, deleted } = packageOf(name);
    const manifest = repository?.manifests.get(version.digest);
    if (manifest !== undefined) {
      const tags = new Set(version.tags);
      deleted.set(version.id, { ...version, tags, manifest, deletedAt: now() });
    }
    versions.delete(version.digest);
    for (const [tag, digest] of repository?.tags ?? []) {
      if (digest === version.digest) repository?.tags.delete(tag);
    }
    repository?.manifests.delete(version.digest);
  }

  function restore(name: string, { id, digest, tags, manifest, createdAt }: DeletedVersion): void {
    const { versions, deleted } = packageOf(name);
    const repository = state.repositories.get(name);
    deleted.delete(id);
    changes += 1;
    const order = changes;
    versions.set(digest, { id, digest, createdAt, updatedAt: now(), order, tags: new Set() });
    repository?.manifests.set(digest, manifest);
    for (const tag of tags) {
      if (repository?.tags.has(tag) === false) repository.tags.set(tag, digest);
    }
  }

  function later(apply: () => void): void {
    if (lagMs === 0) return apply();
    pending.push({ visibleAt: now() + lagMs, apply });
  }

  function catchUp(): void {
    while (pending[0] !== undefined && pending[0].visibleAt <= now()) pending.shift()?.apply();
  }
}

interface Observer<Key, Value> {
  readonly set: (key: Key, value: Value) => void;
  readonly delete?: (key: Key) => void;
}

/** Tells of every change of a map, after it happened. */
function observe<Key, Value>(map: Map<Key, Value>, observer: Observer<Key, Value>): void {
  const set = map.set.bind(map);
  const remove = map.delete.bind(map);
  map.set = (key, value) => {
    set(key, value);
    observer.set(key, value);
    return map;
  };
  map.delete = (key) => {
    const wasThere = remove(key);
    if (wasThere) observer.delete?.(key);
    return wasThere;
  };
}
