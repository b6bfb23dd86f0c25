import { isDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { AddressError, isTag, parseRepository } from "./reference.ts";
import type { Repository } from "./reference.ts";

/** What a runtime or a manifest calls an image. */
export interface ImageAddress {
  /** Absent for a bare digest. */
  readonly repository?: Repository;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** `docker-pullable://`, `docker://`, `containerd://` */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//;
const BARE_HEX = /^[0-9a-f]{64}$/;

/**
 * Reads the name of an image as runtimes, nodes and people write it: `shop`, `reg.example:443/shop:1`,
 * `docker-pullable://shop:1@sha256:…`, `sha256:…`, bare hex. `undefined` for what names no image.
 *
 * Short names stand on the default host; without tag and digest the tag is `latest`. Where a name has both, both are
 * told. Case counts in tags alone.
 */
export function parseImageAddress(text: string): ImageAddress | undefined {
  const plain = text.trim().replace(SCHEME, "");
  const bare = BARE_HEX.test(plain) ? `sha256:${plain}` : plain;
  if (isDigest(bare)) return { digest: bare };
  const [named = "", pinned] = plain.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const name = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  const repository = repositoryOf(name);
  if (repository === undefined || (tag !== undefined && !isTag(tag))) return undefined;
  if (pinned === undefined) return { repository, tag: tag ?? "latest" };
  if (!isDigest(pinned)) return undefined;
  return { repository, digest: pinned, ...(tag === undefined ? {} : { tag }) };
}

/** Whether two repositories are one. */
export function isSameRepository(a: Repository, b: Repository): boolean {
  return a.name === b.name && isSameHost(a, b);
}

/** Whether two lie on one host: ports that a scheme implies make no difference. */
export function isSameHost(a: Repository, b: Repository): boolean {
  return hostOf(a) === hostOf(b);
}

/** Host without a port that HTTPS or HTTP implies. */
function hostOf({ host }: Repository): string {
  return host.replace(/:(?:443|80)$/, "");
}

function repositoryOf(name: string): Repository | undefined {
  try {
    return parseRepository(name.toLowerCase());
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}
