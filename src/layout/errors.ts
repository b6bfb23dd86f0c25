import { RegistryError, UNREADABLE_DIRECTORY, isRegistryError } from "../registry/error.ts";
import type { RegistryErrorCode } from "../registry/error.ts";

const CODES: Readonly<Record<string, RegistryErrorCode>> = {
  ENOENT: "not-found",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENOTDIR: "invalid",
  EISDIR: "invalid",
};

const NO_DIRECTORY = "a file stands where a directory has to be; check the path";

/** `ENOENT` and its like; `undefined` for an error that is not the operating system's. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** How one adapter tells what the file system refused or holds. */
export interface FileErrors {
  /**
   * Runs `action`, turning an operating system's refusal into a `RegistryError` that says what was tried.
   * A `RegistryError` and the reason of an abort pass as they are.
   *
   * @param what What was tried and where: `write blob sha256:… in oci:/srv/layout`.
   */
  translating<T>(what: string, action: () => Promise<T>): Promise<T>;
  toRegistryError(error: unknown, what: string): unknown;
  /** What the file system says is broken, in a form a person can act on. */
  damaged(path: string, why: string, hint: string, cause?: unknown): RegistryError;
}

/** @param who The adapter, as errors begin. */
export function fileErrors(who: string): FileErrors {
  return {
    async translating(what, action) {
      try {
        return await action();
      } catch (error) {
        throw toRegistryError(error, what);
      }
    },
    toRegistryError,
    damaged: (path, why, hint, cause) =>
      new RegistryError("protocol", `${who}: ${path} is damaged: ${why}`, {
        registryCode: UNREADABLE_DIRECTORY,
        hint,
        ...(cause === undefined ? {} : { cause }),
      }),
  };

  function toRegistryError(error: unknown, what: string): unknown {
    const code = systemCode(error);
    if (isRegistryError(error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
    const isFile = code === "ENOTDIR";
    return new RegistryError(CODES[code] ?? "unavailable", `${who}: cannot ${what}: ${code}`, {
      ...(isFile ? { registryCode: UNREADABLE_DIRECTORY, hint: NO_DIRECTORY } : {}),
      cause: error,
    });
  }
}
