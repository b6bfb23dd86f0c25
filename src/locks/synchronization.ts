/** Where publishers keep their locks, as `--synchronization` says it. */
export type Synchronization =
  | { readonly kind: "none" }
  | { readonly kind: "local" }
  | HttpSynchronization
  | KubernetesSynchronization;

export interface HttpSynchronization {
  readonly kind: "http";
  /** Without a trailing slash, and without credentials. */
  readonly address: string;
  /** Those that stood in the address. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

export interface KubernetesSynchronization {
  readonly kind: "kubernetes";
  readonly namespace: string;
  /** Absent: the current one of the kube configuration. */
  readonly context?: string;
  /** Absent: where the environment says. */
  readonly config?: { readonly base64: string } | { readonly path: string };
}

/** A `--synchronization` that nobody understands. A mistake of the user; one line. */
export class SynchronizationError extends Error {
  override readonly name = "SynchronizationError";
}

const FORMS =
  ":local, http://ADDRESS, https://ADDRESS, kubernetes://NAMESPACE[:CONTEXT][@(base64:DATA|PATH)], none";

/** A name of a namespace. Source: Kubernetes, RFC 1123 labels. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads `--synchronization`. Rejects what it does not understand with `SynchronizationError`. Nothing said means `:local`:
 * no server is asked that nobody named. Source: werf 2, its forms.
 *
 * @param options.hasRepo Whether a repository is named: without one, nobody else could see what is published.
 */
export function parseSynchronization(
  text: string | undefined,
  { hasRepo }: { readonly hasRepo: boolean },
): Synchronization {
  if (text === undefined || text === "" || text === ":local") return { kind: "local" };
  if (text === "none") return { kind: "none" };
  const parsed = parseShared(text);
  if (!hasRepo) {
    throw new SynchronizationError(
      "--synchronization names locks that others share, and no repository is named with --repo; name it, or leave :local",
    );
  }
  return parsed;
}

function parseShared(text: string): Synchronization {
  if (/^https?:\/\//i.test(text)) return parseAddress(text);
  const rest = afterScheme(text);
  if (rest === undefined) throw new SynchronizationError(notUnderstood("it is none of them"));
  return parseCluster(rest);
}

function parseAddress(text: string): Synchronization {
  const url = URL.parse(text);
  if (url === null) throw new SynchronizationError(notUnderstood("it is no URL"));
  if (url.search !== "" || url.hash !== "") {
    throw new SynchronizationError(notUnderstood("an address ends with its path"));
  }
  const address = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  if (url.username === "" && url.password === "") return { kind: "http", address };
  return { kind: "http", address, credentials: credentialsOf(url) };
}

function credentialsOf({
  username,
  password,
}: URL): NonNullable<HttpSynchronization["credentials"]> {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new SynchronizationError(notUnderstood("a % before the @ of an address is written %25"));
  }
}

function parseCluster(rest: string): Synchronization {
  const [place, config] = splitOnce(rest, "@");
  const [namespace, context] = splitOnce(place, ":");
  if (!NAMESPACE.test(namespace)) {
    throw new SynchronizationError(notUnderstood(`"${namespace}" is no name of a namespace`));
  }
  return {
    kind: "kubernetes",
    namespace,
    ...(context === undefined || context === "" ? {} : { context }),
    ...(config === undefined ? {} : { config: parseConfig(config) }),
  };
}

function parseConfig(text: string): { readonly base64: string } | { readonly path: string } {
  if (text === "") throw new SynchronizationError(notUnderstood("nothing stands after the @"));
  if (!text.startsWith("base64:")) return { path: text };
  const base64 = text.slice("base64:".length);
  if (BASE64.test(base64)) return { base64 };
  throw new SynchronizationError(notUnderstood("what stands after base64: is no base64"));
}

/** What follows `kubernetes://`; `undefined` for anything else. */
function afterScheme(text: string): string | undefined {
  const scheme = "kubernetes://";
  return text.startsWith(scheme) ? text.slice(scheme.length) : undefined;
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The value itself stays out of the message: a kube configuration may stand in it. */
function notUnderstood(why: string): string {
  return `--synchronization is not understood: ${why}; write one of ${FORMS}`;
}
