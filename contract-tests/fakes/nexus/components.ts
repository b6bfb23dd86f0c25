import { createHash } from "node:crypto";
import type { Digest } from "../../../src/oci/digest.ts";
import type { RegistryState } from "../state.ts";

/** A tag, as the API sees it. */
export interface Component {
  readonly id: string;
  readonly repository: string;
  /** Of the image. */
  readonly name: string;
  /** The tag. */
  readonly version: string;
  readonly digest: Digest;
  readonly lastModified: number;
}

export interface Components {
  /** All of a repository, in the order of their ids; always up to date. */
  all(repository: string): readonly Component[];
  /** Those that the search index knows. */
  indexed(repository: string): readonly Component[];
  find(id: string): Component | undefined;
  remove(component: Component): void;
  /** Leaves tags whose manifest is gone, as a deletion by digest does in some versions. */
  dangle(name: string, tag: string, digest: Digest): void;
}

export interface ComponentsOptions {
  readonly state: RegistryState;
  readonly now: () => number;
  /** How long a push takes until the search knows it. Milliseconds. */
  readonly searchLagMs: number;
  readonly placeOf: (name: string) => { readonly repository: string; readonly image: string };
}

interface Known {
  readonly id: string;
  readonly digest: Digest;
  readonly since: number;
}

/** Gives every tag an id that it keeps until it is removed. */
export function createComponents({
  state,
  now,
  searchLagMs,
  placeOf,
}: ComponentsOptions): Components {
  const known = new Map<string, Known>();
  let made = 0;

  return {
    all,
    indexed: (repository) =>
      all(repository).filter(({ lastModified }) => lastModified + searchLagMs <= now()),
    find(id) {
      const [repository = ""] = Buffer.from(id, "base64url").toString("utf8").split(":");
      return all(repository).find((one) => one.id === id);
    },
    remove({ repository, name, version }) {
      for (const [full, { tags }] of state.repositories) {
        const place = placeOf(full);
        if (place.repository === repository && place.image === name) tags.delete(version);
      }
    },
    dangle(name, tag, digest) {
      const repository = state.repositories.get(name);
      repository?.tags.set(tag, digest);
      repository?.manifests.delete(digest);
    },
  };

  function all(repository: string): readonly Component[] {
    const found: Component[] = [];
    const there = new Set<string>();
    for (const [full, { tags }] of state.repositories) {
      const place = placeOf(full);
      if (place.repository !== repository) continue;
      for (const [tag, digest] of tags) {
        const key = `${full}:${tag}`;
        there.add(key);
        const { id, since } = know(key, repository, digest);
        const { image } = place;
        found.push({ id, repository, name: image, version: tag, digest, lastModified: since });
      }
    }
    for (const [key, { id }] of known) {
      if (isOf(id, repository) && !there.has(key)) known.delete(key);
    }
    return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  function know(key: string, repository: string, digest: Digest): Known {
    const before = known.get(key);
    if (before?.digest === digest) return before;
    const id = before?.id ?? idOf(repository, `${key}#${made++}`);
    const since = { id, digest, since: now() };
    known.set(key, since);
    return since;
  }
}

/** Opaque to everybody; looks like the product's. */
function idOf(repository: string, seed: string): string {
  const hex = createHash("md5").update(seed).digest("hex");
  return Buffer.from(`${repository}:${hex}`).toString("base64url");
}

function isOf(id: string, repository: string): boolean {
  return Buffer.from(id, "base64url").toString("utf8").startsWith(`${repository}:`);
}
