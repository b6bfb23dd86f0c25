import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { readManifest } from "../check-manifest.ts";
import type { RegistryState, RepositoryState } from "../state.ts";

/** What lives, and since when. A manifest that nothing living reaches is kept for the time machine, and not served. */
export interface Lifetimes {
  /** Takes the tags away whose time is over. */
  expire(): void;
  /** Seconds since the epoch at which a tag came to where it points. */
  startOf(name: string, tag: string): number;
  /** Seconds since the epoch; `undefined`: it stays. */
  endOf(name: string, tag: string): number | undefined;
  /** A manifest that was put without a tag lives for an hour. */
  keepForAnHour(name: string, digest: Digest): void;
  /** Served by digest. */
  isAlive(name: string, digest: Digest): boolean;
  /** Tags that were there once, and are not. */
  isPast(name: string, tag: string): boolean;
  remove(name: string, tags: readonly string[]): void;
}

export interface LifetimeOptions {
  readonly state: RegistryState;
  readonly now: () => number;
  /** Milliseconds since the epoch at which a tag expires. */
  readonly expiry: (name: string, tag: string) => number | undefined;
}

/** `PUSH_TEMP_TAG_EXPIRATION_SEC`. Source: quay/quay `config.py`. */
const TEMPORARY_MS = 60 * 60 * 1000;

export function createLifetimes({ state, now, expiry }: LifetimeOptions): Lifetimes {
  const starts = new Map<string, number>();
  const temporary = new Map<string, number>();
  const past = new Set<string>();

  return {
    expire() {
      for (const [name, { tags }] of state.repositories) {
        for (const tag of tags.keys()) {
          if ((expiry(name, tag) ?? Infinity) <= now()) remove(name, [tag]);
        }
      }
    },
    startOf(name, tag) {
      const key = `${name}:${tag}@${state.repositories.get(name)?.tags.get(tag)}`;
      const start = starts.get(key) ?? Math.floor(now() / 1000);
      starts.set(key, start);
      return start;
    },
    endOf(name, tag) {
      const end = expiry(name, tag);
      return end === undefined ? undefined : Math.floor(end / 1000);
    },
    keepForAnHour: (name, digest) => void temporary.set(`${name}@${digest}`, now() + TEMPORARY_MS),
    isAlive,
    isPast: (name, tag) => past.has(`${name}:${tag}`),
    remove,
  };

  function remove(name: string, tags: readonly string[]): void {
    for (const tag of tags) {
      if (state.repositories.get(name)?.tags.delete(tag) === true) past.add(`${name}:${tag}`);
    }
  }

  function isAlive(name: string, digest: Digest): boolean {
    const repository = state.repositories.get(name);
    if (repository === undefined) return false;
    if ((temporary.get(`${name}@${digest}`) ?? 0) > now()) return true;
    return reached(repository).has(digest);
  }
}

/** What tags reach: manifests, the children of indexes, and what has one of them as its subject. */
function reached({ manifests, tags }: RepositoryState): Set<string> {
  const found = new Set<string>();
  let open: string[] = [...tags.values()];
  const subjects = [...manifests].flatMap(([digest, manifest]) => {
    const { subject } = readManifest(manifest);
    return subject === undefined ? [] : [{ digest, subject: subject.digest }];
  });
  while (open.length > 0) {
    for (const digest of open) found.add(digest);
    open = open
      .flatMap((digest) => {
        const manifest = isDigest(digest) ? manifests.get(digest) : undefined;
        const children = manifest === undefined ? [] : readManifest(manifest).children;
        const referrers = subjects.filter(({ subject }) => subject === digest);
        return [...children, ...referrers].map((one) => one.digest);
      })
      .filter((digest) => !found.has(digest));
  }
  return found;
}
