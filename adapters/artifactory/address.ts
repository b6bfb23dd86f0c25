import { refusalError, transportFailure } from "../../src/distribution/error-response.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import { HttpError } from "../../src/http/client.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Settings } from "./settings.ts";

/** Where an image lies in the storage of Artifactory. */
export interface Place {
  /** Key of the repository. */
  readonly key: string;
  /** Path of the image's folder below it. */
  readonly image: string;
}

/** How the addresses of one host are to be read. */
export interface Addressing {
  /** The key that host or port stand for. Absent: it is the first component of each name. */
  readonly boundKey?: string;
  /** Whether the host itself says so, rather than an option. */
  readonly isProved: boolean;
  /** Path of the API below the host, without a slash at its end. */
  readonly contextPath: string;
}

const DEFAULT_CONTEXT_PATH = "/artifactory";

/**
 * Finds out how a host is addressed: by the realm of its challenge, which names the repository that host or port stand for
 * (`null` for none), else by the option and the host's own name. Rejects with `RegistryError`.
 */
export async function findAddressing(
  { host, greeting }: Pick<AdapterContext, "host" | "greeting">,
  origin: Pick<Origin, "send">,
  { repositoryKey }: Settings,
  options: CallOptions = {},
): Promise<Addressing> {
  const realm = readRealm(greeting?.challenges ?? (await askForChallenges()));
  const contextPath =
    realm !== undefined && realm.host === host ? realm.contextPath : DEFAULT_CONTEXT_PATH;
  const key = realm?.key;
  if (key === "null") return { contextPath, isProved: true };
  if (key === undefined) {
    const bound = repositoryKey === undefined ? {} : { boundKey: repositoryKey };
    return { contextPath, isProved: false, ...bound };
  }
  if (repositoryKey !== undefined && repositoryKey !== key) {
    throw new RegistryError(
      "invalid",
      `${host}: cannot use artifactory-repository-key: invalid (the host says that it stands for the repository "${key}")`,
    );
  }
  return { contextPath, isProved: true, boundKey: key };

  async function askForChallenges(): Promise<readonly string[]> {
    const purpose = { host, verb: "find the repositories of", reference: host, scrub: unchanged };
    try {
      const response = await origin.send("/v2/", { method: "GET", signal: options.signal });
      const body = await response.bytes(MAX_ANSWER_BYTES);
      if (CLEAR_ANSWERS.has(response.status)) return response.challenges;
      throw refusalError(purpose, { status: response.status, body });
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error instanceof HttpError ? transportFailure(purpose, error) : error;
    }
  }
}

/** Answers of a registry that is up; without a challenge, nothing is proved. */
const CLEAR_ANSWERS: ReadonlySet<number> = new Set([200, 401, 403, 404]);
const MAX_ANSWER_BYTES = 1024 * 1024;

/** No secret was sent. */
function unchanged(text: string): string {
  return text;
}

/** Throws `RegistryError("invalid")` when the address does not show which repository is meant. */
export function placeOf({ boundKey, isProved }: Addressing, repository: Repository): Place {
  const { host, name } = repository;
  const [first = "", ...rest] = name.split("/");
  if (boundKey !== undefined) {
    const isShown = first === boundKey && rest.length > 0;
    if (isProved || !isShown || isNamedBy(host, boundKey)) return { key: boundKey, image: name };
    // Both could be meant, and a guess could remove the tags of another image.
    throw new RegistryError(
      "invalid",
      `${host}: cannot tell what ${formatRepository(repository)} is: invalid (artifactory-repository-key names its first component; leave the option out where the address shows the key)`,
    );
  }
  if (rest.length > 0) return { key: first, image: rest.join("/") };
  const key = isProved ? undefined : CLOUD_KEY.exec(host)?.[1];
  if (key !== undefined) return { key, image: name };
  throw new RegistryError(
    "invalid",
    `${host}: cannot tell the repository of ${formatRepository(repository)}: invalid (its name has one component, where a repository's key and an image are expected)`,
    {
      hint: "Where host or port stand for a repository, name it with --repo-artifactory-repository-key.",
    },
  );
}

/** `<server>-<key>.jfrog.io`, where only one dash leaves no doubt. */
const CLOUD_KEY = /^[a-z0-9]+-([a-z0-9]+)\.jfrog\.io(?::443)?$/;

/** The name below the host of an image, or of a whole repository where `image` is empty. */
export function nameOf({ boundKey }: Addressing, { key, image }: Place): string {
  if (boundKey !== undefined) return image;
  return image === "" ? key : `${key}/${image}`;
}

/** `<key>.…` and `<server>-<key>.jfrog.io`. */
function isNamedBy(host: string, key: string): boolean {
  const [label = ""] = host.split(".");
  return label === key || label.endsWith(`-${key}`);
}

interface Realm {
  readonly host: string;
  readonly contextPath: string;
  readonly key: string;
}

/** `Bearer realm="https://<host>/<context>/api/docker/<key or null>/v2/token"`. */
function readRealm(challenges: readonly string[]): Realm | undefined {
  for (const challenge of challenges) {
    const text = /realm="([^"]+)"/i.exec(challenge)?.[1];
    const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
    const [, contextPath, key] =
      /^(.*)\/api\/docker\/([^/]+)\/v2\/token$/.exec(url?.pathname ?? "") ?? [];
    if (url === undefined || contextPath === undefined || key === undefined) continue;
    return { host: url.host, contextPath, key: decodeURIComponent(key) };
  }
  return undefined;
}
