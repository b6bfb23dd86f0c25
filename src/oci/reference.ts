import type { Digest } from "./digest.ts";

export interface Repository {
  /**
   * Registry host, with the port when it is not the default: `localhost:5000`. For a directory or an
   * archive, the scheme that names it: `oci`, `archive`.
   */
  readonly host: string;
  /**
   * Path below the host, no leading or trailing slash. Docker Hub's `library/` is spelled out. For
   * a directory or an archive, its absolute path.
   */
  readonly name: string;
}

/** What repositories lie in: a host and the beginning of their names. An empty name means the whole host. */
export type Namespace = Repository;

/** A pointer into a repository by its mutable name. */
export type TagReference = Repository & { readonly tag: string };

/** A pointer into a repository by content. */
export type DigestReference = Repository & { readonly digest: Digest };

/** A pointer into a repository: by tag (mutable) or by digest (immutable), never both. */
export type Reference = TagReference | DigestReference;

/** Why an address was refused: one line that names the address. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

/** Host under which a directory's repositories stand: `oci:PATH`. */
export const DIRECTORY_HOST = "oci";

/** Host under which archives stand, each one repository: `archive:FILE`. */
export const ARCHIVE_HOST = "archive";

/** Whether what stands on a host lies in the file system: nothing is sent to reach it. */
export function isInFiles({ host }: Pick<Repository, "host">): boolean {
  return host === DIRECTORY_HOST || host === ARCHIVE_HOST;
}

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Most characters of `host/name`. Source: the limit most clients and registries share. */
const MAX_REPOSITORY_LENGTH = 255;

/** Host that short names stand on, and the namespace of its official images. */
const DEFAULT_HOST = "index.docker.io";
const DEFAULT_HOST_ALIASES = new Set(["docker.io", "registry-1.docker.io", DEFAULT_HOST]);

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Reads a repository address: `host/name`, `host:port/name`, a short name of the default host,
 * `oci:PATH`, or `archive:FILE`.
 *
 * The first component is a host when it has a dot, a colon, or is `localhost`. Throws `AddressError`.
 *
 * @param resolvePath Makes the path of a directory or a file absolute.
 */
export function parseRepository(
  address: string,
  resolvePath: (path: string) => string = (path) => path,
): Repository {
  const scheme = fileSchemeOf(address);
  if (scheme !== undefined) {
    const path = address.slice(scheme.length + 1);
    const what = scheme === DIRECTORY_HOST ? "directory: oci:PATH" : "file: archive:FILE";
    if (path === "") throw new AddressError(`address "${address}" names no ${what}`);
    return { host: scheme, name: resolvePath(path) };
  }
  if (/^[a-z]+:\/\//.test(address)) {
    throw new AddressError(
      `address "${address}" has a scheme; write host/name, without ${address.split("//")[0]}//`,
    );
  }
  const slash = address.indexOf("/");
  const first = slash === -1 ? "" : address.slice(0, slash);
  const hasHost = first.includes(".") || first.includes(":") || first === "localhost";
  const host = hasHost ? canonicalHost(first) : DEFAULT_HOST;
  const path = hasHost ? address.slice(slash + 1) : address;
  const name = host === DEFAULT_HOST && !path.includes("/") ? `library/${path}` : path;
  if (!HOST.test(host)) {
    throw new AddressError(`address "${address}": "${host}" is not a host`);
  }
  if (!NAME.test(name)) {
    throw new AddressError(
      `address "${address}": "${path}" is not a repository name (lower-case letters, digits, and . _ - / between them; no tag or digest)`,
    );
  }
  if (host.length + 1 + name.length > MAX_REPOSITORY_LENGTH) {
    throw new AddressError(
      `address "${address}" is longer than ${MAX_REPOSITORY_LENGTH} characters`,
    );
  }
  return { host, name };
}

/**
 * Reads the address of a namespace: `host`, `host/team`, with or without a slash at its end, a short name of the default
 * host, or `oci:PATH`. Throws `AddressError`.
 *
 * @param resolvePath Makes the path of a directory or a file absolute.
 */
export function parseNamespace(
  address: string,
  resolvePath: (path: string) => string = (path) => path,
): Namespace {
  const text = address.replace(/\/+$/, "");
  if (isHostOnly(text)) {
    const host = canonicalHost(text);
    if (HOST.test(host)) return { host, name: "" };
    throw new AddressError(`address "${address}": "${host}" is not a host`);
  }
  const { host, name } = parseRepository(text, resolvePath);
  const isAccount = host === DEFAULT_HOST && !text.includes("/");
  return { host, name: isAccount ? text : name };
}

/** Whether an address cannot be a repository's: a host alone, or anything that ends in a slash. */
export function isNamespaceAddress(address: string): boolean {
  return address.length > 1 && (address.endsWith("/") || isHostOnly(address));
}

function fileSchemeOf(address: string): string | undefined {
  return [DIRECTORY_HOST, ARCHIVE_HOST].find((scheme) => address.startsWith(`${scheme}:`));
}

function isHostOnly(address: string): boolean {
  if (address.includes("/") || fileSchemeOf(address) !== undefined) return false;
  return address.includes(".") || /:[0-9]+$/.test(address) || address === "localhost";
}

/** `host/name`, `host`, `oci:/path` or `archive:/path`. */
export function formatRepository({ host, name }: Repository): string {
  if (name === "") return host;
  return isInFiles({ host }) ? `${host}:${name}` : `${host}/${name}`;
}

/** `host/name:tag` or `host/name@digest`. */
export function formatReference(reference: Reference): string {
  const repository = formatRepository(reference);
  return "tag" in reference
    ? `${repository}:${reference.tag}`
    : `${repository}@${reference.digest}`;
}

/** The part of a reference that `/v2/<name>/manifests/…` takes: its tag or its digest. */
export function referenceKey(reference: Reference): string {
  return "tag" in reference ? reference.tag : reference.digest;
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return DEFAULT_HOST_ALIASES.has(lower) ? DEFAULT_HOST : lower;
}
