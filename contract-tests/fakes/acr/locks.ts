export interface LockAttributes {
  readonly deleteEnabled: boolean;
  readonly writeEnabled: boolean;
  readonly readEnabled: boolean;
  readonly listEnabled: boolean;
}

/** Locks of repositories, tags and manifests, each by itself. Source: learn.microsoft.com, "Lock a container image". */
export interface Locks {
  /**
   * @param item A tag or a digest; absent: the repository.
   * @param left What the lock leaves allowed; default: nothing but reading. Deletion takes both of them.
   */
  lock(name: string, item?: string, left?: Partial<LockAttributes>): void;
  of(name: string, item?: string): LockAttributes;
  /** Whether neither the item's lock nor the repository's forbids it. */
  mayDelete(name: string, item: string): boolean;
}

export function createLocks(): Locks {
  const locked = new Map<string, Partial<LockAttributes>>();
  const key = (name: string, item = ""): string => `${name} ${item}`;
  return {
    lock: (name, item, left = {}) => void locked.set(key(name, item), left),
    of(name, item) {
      const isFree = !locked.has(key(name, item));
      return {
        deleteEnabled: isFree,
        writeEnabled: isFree,
        readEnabled: true,
        listEnabled: true,
        ...locked.get(key(name, item)),
      };
    },
    mayDelete: (name, item) => !locked.has(key(name)) && !locked.has(key(name, item)),
  };
}
