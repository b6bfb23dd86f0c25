export interface LockAttributes {
  readonly deleteEnabled: boolean;
  readonly writeEnabled: boolean;
  readonly readEnabled: boolean;
  readonly listEnabled: boolean;
}

/** Locks of repositories, tags and manifests, each by itself. Source: learn.microsoft.com, "Lock a container image". */
export interface Locks {
  /** @param item A tag or a digest; absent: the repository. */
  lock(name: string, item?: string): void;
  of(name: string, item?: string): LockAttributes;
  /** Whether neither the item's lock nor the repository's forbids it. */
  mayDelete(name: string, item: string): boolean;
}

export function createLocks(): Locks {
  const locked = new Set<string>();
  const key = (name: string, item = ""): string => `${name} ${item}`;
  return {
    lock: (name, item) => void locked.add(key(name, item)),
    of(name, item) {
      const isFree = !locked.has(key(name, item));
      return { deleteEnabled: isFree, writeEnabled: isFree, readEnabled: true, listEnabled: true };
    },
    mayDelete: (name, item) => !locked.has(key(name)) && !locked.has(key(name, item)),
  };
}
