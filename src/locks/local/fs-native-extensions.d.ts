/** What we use of the library. It comes without types. */
declare module "fs-native-extensions" {
  /** Answers whether the lock was granted. Throws with the `code` of the system. */
  export function tryLock(fd: number, options?: { readonly shared?: boolean }): boolean;
  /** Of a shared lock that is held; answers `false` when others share it, and then it is lost. */
  export function tryUpgradeLock(fd: number): boolean;
}
