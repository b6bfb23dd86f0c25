/** The host that short names stand on, as the core spells it, and every name that files use for it. */
export const DEFAULT_HOST = "index.docker.io";
const DEFAULT_HOST_NAMES = new Set(["docker.io", "registry-1.docker.io", DEFAULT_HOST]);
/** What credential helpers know it by. */
const DEFAULT_HOST_SERVER = "https://index.docker.io/v1/";

/**
 * A key of a credentials file as `host` or `host/namespace`, in lower case up to the first `/`.
 *
 * A scheme, a trailing slash and an API version (`/v1/`, `/v2/`) are taken off. With a scheme, so is any other path:
 * only keys without one can be namespaces.
 */
export function normalizeKey(key: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(key)?.[0] ?? "";
  const [host = "", ...rest] = key.slice(scheme.length).split("/");
  const path = rest.filter((part) => part !== "").join("/");
  const isNamespace = scheme === "" && path !== "" && !/^v[12]$/.test(path);
  const canonical = canonicalHost(host);
  return isNamespace ? `${canonical}/${path}` : canonical;
}

/** Keys that may hold the credentials of a repository, most specific first: `host/a/b`, `host/a`, `host`. */
export function candidateKeys(host: string, repositoryName: string): readonly string[] {
  const parts = repositoryName === "" ? [] : repositoryName.split("/");
  const canonical = canonicalHost(host);
  const namespaces = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
  return [...namespaces.map((namespace) => `${canonical}/${namespace}`), canonical];
}

/** Where the API of the default host is: names name another host than the one that answers. */
const DEFAULT_HOST_API = "registry-1.docker.io";

/** The host that answers requests to a host. */
export function apiHost(host: string): string {
  return canonicalHost(host) === DEFAULT_HOST ? DEFAULT_HOST_API : host;
}

/** The host of what people name a registry by: `r.test:5000`, `https://r.test/v2/`, `r.test/acme`. Empty when there is none. */
export function hostOf(address: string): string {
  return normalizeKey(address).split("/")[0] ?? "";
}

/** What a helper is asked for, and the key that docker writes. */
export function helperServer(host: string): string {
  return canonicalHost(host) === DEFAULT_HOST ? DEFAULT_HOST_SERVER : host;
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return DEFAULT_HOST_NAMES.has(lower) ? DEFAULT_HOST : lower;
}
