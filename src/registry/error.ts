/**
 * What went wrong, by what a caller can do about it.
 *
 * - `unauthorized`: credentials are missing or wrong
 * - `denied`: the credentials lack the right
 * - `not-found`: nothing is there
 * - `conflict`: the registry's own rules forbid it (immutable tag, still referenced, locked)
 * - `invalid`: what we sent was refused as malformed
 * - `rate-limited`: too many requests, after all retries
 * - `unsupported`: the registry has no such operation
 * - `unavailable`: unreachable, broken off or 5xx, after all retries
 * - `protocol`: an answer that makes no sense (wrong digest, broken JSON, a listing that loops)
 */
export type RegistryErrorCode =
  | "unauthorized"
  | "denied"
  | "not-found"
  | "conflict"
  | "invalid"
  | "rate-limited"
  | "unsupported"
  | "unavailable"
  | "protocol";

/**
 * `registryCode` of a directory that cannot be read as what its address says it is. It is a mistake in what was given to
 * the command, not a registry that refused.
 */
export const UNREADABLE_DIRECTORY = "UNREADABLE_DIRECTORY";

export interface RegistryErrorDetails {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** The registry's own code, verbatim: `MANIFEST_UNKNOWN`. */
  readonly registryCode?: string;
  /** What the reader can do, a sentence for a line of its own. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only error, besides an abort reason, that leaves an adapter. The message is one line: who, what, why. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  readonly status: number | undefined;
  readonly registryCode: string | undefined;
  readonly hint: string | undefined;

  constructor(code: RegistryErrorCode, message: string, details: RegistryErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.registryCode = details.registryCode;
    this.hint = details.hint;
  }
}

/** Whether `error` is a `RegistryError`, of one of `codes` when any are given. */
export function isRegistryError(
  error: unknown,
  ...codes: readonly RegistryErrorCode[]
): error is RegistryError {
  return error instanceof RegistryError && (codes.length === 0 || codes.includes(error.code));
}
