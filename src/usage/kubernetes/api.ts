import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from "@kubernetes/client-node";

import { ClusterError } from "./error.ts";
import { isObject, textAt } from "./json.ts";
import { withPlugins } from "./plugins.ts";
import type { PluginDeps } from "./plugins.ts";
import type { ClusterTarget } from "./targets.ts";

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

export interface ApiDeps extends PluginDeps {
  readonly sleep: (ms: number) => Promise<void>;
  /** For the `User-Agent`. */
  readonly version: string;
}

/** How long one answer may take. Milliseconds. */
const ANSWER_MS = 30_000;

/** How often a request is sent before a busy server, and one that does not answer, is given up. */
const ATTEMPTS = 4;
const UNANSWERED_ATTEMPTS = 2;

/** Milliseconds before the second attempt; twice as long before each further one. */
const FIRST_DELAY_MS = 250;

/** A server that wants to be left alone for longer is not waited for. Milliseconds. */
const MAX_DELAY_MS = 10_000;

const RETRIED = new Set([429, 500, 502, 503, 504]);

type Dispatcher = NonNullable<ReturnType<RequestContext["getDispatcher"]>>;

/** Opens the API server of a cluster. Nothing is sent until it is asked. */
export function openApi(target: ClusterTarget, deps: ApiDeps): ClusterApi {
  const { name, server } = target;
  const { signal, sleep, version } = deps;
  const config = withPlugins(target, deps);
  const http = new IsomorphicFetchHttpLibrary();
  /** Every request gets one of its own from the client; the first one serves all, so that connections are kept. */
  let dispatcher: Dispatcher | undefined;

  return {
    name,
    namespaces: target.namespaces,
    get,
    async [Symbol.asyncDispose]() {
      await dispatcher?.close();
    },
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
  ): Promise<Answer | ClusterError> {
    const search = new URLSearchParams(query).toString();
    const url = `${server.replace(/\/$/, "")}${path}${search === "" ? "" : `?${search}`}`;
    const request = new RequestContext(url, HttpMethod.GET);
    request.setHeaderParam("accept", "application/json");
    request.setHeaderParam("user-agent", `tidemark/${version}`);
    await authorize(request);
    const own = request.getDispatcher();
    if (own !== undefined) request.setDispatcher((dispatcher ??= own));
    const patience = AbortSignal.timeout(ANSWER_MS);
    request.setSignal(AbortSignal.any([signal, patience]));
    try {
      const { httpStatusCode: status, headers, body } = await http.send(request).toPromise();
      return { status, retryAfter: headers["retry-after"], text: await body.text() };
    } catch (error) {
      signal.throwIfAborted();
      const why = patience.aborted ? `no answer after ${ANSWER_MS / 1000} seconds` : causeOf(error);
      return new ClusterError(
        "unavailable",
        `cluster ${name} at ${server} does not answer: ${why}`,
      );
    }
  }

  async function authorize(request: RequestContext): Promise<void> {
    try {
      await config.applySecurityAuthentication(request);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ClusterError) throw error;
      const why =
        error instanceof Error && "code" in error ? String(error.code) : "they cannot be used";
      throw new ClusterError("unauthorized", `cluster ${name}: its credentials: ${why}`);
    }
  }

  function understand({ status, text }: Answer, path: string): ApiAnswer {
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

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Milliseconds until a request is sent again; `undefined` when it is not. */
function delayBefore(answer: Answer | ClusterError, attempt: number): number | undefined {
  const delay = FIRST_DELAY_MS * 2 ** (attempt - 1);
  if (answer instanceof ClusterError) return attempt < UNANSWERED_ATTEMPTS ? delay : undefined;
  if (!RETRIED.has(answer.status) || attempt >= ATTEMPTS) return undefined;
  const asked = Number(answer.retryAfter ?? "") * 1000;
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

/** What the network says, down to its cause; no address stands in it twice. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "the connection failed";
  return "code" in cause ? `${String(cause.code)} (${cause.message})` : cause.message;
}
