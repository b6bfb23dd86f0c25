/**
 * Why a cluster could not be read.
 *
 * - `forbidden`: it says who asks and that they may not; the message names the missing right
 * - `unauthorized`: it does not take the credentials, or there are none to be had
 * - `unavailable`: it does not answer
 * - `protocol`: its answer is none that an API server gives
 */
export type ClusterErrorCode = "forbidden" | "unauthorized" | "unavailable" | "protocol";

export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A kube configuration, or options beside it, that cannot be used. One line. */
export class KubeConfigError extends Error {
  override readonly name = "KubeConfigError";
}

/** A cluster that should be asked is not there to be asked, or none is. */
export class ClusterMissingError extends Error {
  override readonly name = "ClusterMissingError";
}
