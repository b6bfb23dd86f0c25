import { ClusterError } from "./error.ts";
import { isObject, textAt } from "./json.ts";
import type { ClusterTarget } from "./targets.ts";
import { openTransport } from "./transport.ts";
import type { ClusterAnswer, TransportDeps } from "./transport.ts";

/** What an API server answered. */
export type ApiAnswer =
  | { readonly kind: "found"; readonly value: Readonly<Record<string, unknown>> }
  /** Nothing is served under the path. */
  | { readonly kind: "absent" }
  /** A list cannot go on from where it was: it has to begin again. */
  | { readonly kind: "expired" }
  /** The caller may not. */
  | { readonly kind: "forbidden"; readonly message: string };

/** The API server of one cluster. */
export interface ClusterApi extends AsyncDisposable {
  /** Name of the context. */
  readonly name: string;
  readonly namespaces: ClusterTarget["namespaces"];
  /** Reads a path. Rejects with `ClusterError`. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
}

export interface ApiDeps extends TransportDeps {
  readonly sleep: (ms: number) => Promise<void>;
}

/** How often a request is sent before a busy server, and one that does not answer, is given up. */
const ATTEMPTS = 4;
const UNANSWERED_ATTEMPTS = 2;

/** Milliseconds before the second attempt; twice as long before each further one. */
const FIRST_DELAY_MS = 250;

/** A server that wants to be left alone for longer is not waited for. Milliseconds. */
const MAX_DELAY_MS = 10_000;

const RETRIED = new Set([429, 500, 502, 503, 504]);

/** Opens the API server of a cluster. Nothing is sent until it is asked. */
export function openApi(target: ClusterTarget, deps: ApiDeps): ClusterApi {
  const { name, server } = target;
  const { signal, sleep } = deps;
  const transport = openTransport(target, deps);

  return {
    name,
    namespaces: target.namespaces,
    get,
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };

  async function get(
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await send(path, query);
      const delay = delayBefore(answer, attempt);
      if (delay !== undefined) await sleep(delay);
      else if (answer instanceof ClusterError) throw answer;
      else return understand(answer, path);
    }
  }

  /** The answer, or why there is none though asking again may help. */
  async function send(
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<ClusterAnswer | ClusterError> {
    try {
      return await transport.send({ method: "GET", path, query }, signal);
    } catch (error) {
      if (error instanceof ClusterError && error.code === "unavailable") return error;
      throw error;
    }
  }

  function understand({ status, text }: ClusterAnswer, path: string): ApiAnswer {
    const value = parseObject(text);
    const message = textAt(value, "message")?.split("\n")[0]?.slice(0, 500);
    if (status === 404) return { kind: "absent" };
    if (status === 410) return { kind: "expired" };
    if (status === 403) return { kind: "forbidden", message: message ?? "it does not say why" };
    if (status === 401) {
      throw new ClusterError(
        "unauthorized",
        `cluster ${name} at ${server} does not take the credentials of its context`,
      );
    }
    if (status !== 200) {
      const code = RETRIED.has(status) ? "unavailable" : "protocol";
      const said = message === undefined ? "" : `: ${message}`;
      throw new ClusterError(code, `cluster ${name} answers ${path} with ${status}${said}`);
    }
    if (value === undefined) {
      throw new ClusterError(
        "protocol",
        `cluster ${name} answers ${path} with something else than JSON`,
      );
    }
    return { kind: "found", value };
  }
}

/** Milliseconds until a request is sent again; `undefined` when it is not. */
function delayBefore(answer: ClusterAnswer | ClusterError, attempt: number): number | undefined {
  const delay = FIRST_DELAY_MS * 2 ** (attempt - 1);
  if (answer instanceof ClusterError) return attempt < UNANSWERED_ATTEMPTS ? delay : undefined;
  if (!RETRIED.has(answer.status) || attempt >= ATTEMPTS) return undefined;
  const asked = Number(answer.headers["retry-after"] ?? "") * 1000;
  if (!(asked > 0)) return delay;
  return asked <= MAX_DELAY_MS ? asked : undefined;
}

/** The body as an object; `undefined` for anything else. */
function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
