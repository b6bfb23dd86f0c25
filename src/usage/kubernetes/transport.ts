import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from "@kubernetes/client-node";

import { ClusterError } from "./error.ts";
import { withPlugins } from "./plugins.ts";
import type { PluginDeps } from "./plugins.ts";
import type { ClusterTarget } from "./targets.ts";

/** The way to an API server, its credentials included. */
export interface ClusterTransport extends AsyncDisposable {
  /**
   * Sends a request once, and answers with what came back, whatever its status. Rejects with `ClusterError` `unavailable`
   * when nothing did and `unauthorized` when there are no credentials to be had, or with the reason of the signal.
   */
  send(call: ClusterCall, signal: AbortSignal): Promise<ClusterAnswer>;
}

export interface ClusterCall {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface ClusterAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface TransportDeps extends PluginDeps {
  /** For the `User-Agent`. */
  readonly version: string;
}

/** How long one answer may take. Milliseconds. */
const ANSWER_MS = 30_000;

type Dispatcher = NonNullable<ReturnType<RequestContext["getDispatcher"]>>;

/** Opens the way to the API server of a cluster. Nothing is sent until it is asked. */
export function openTransport(target: ClusterTarget, deps: TransportDeps): ClusterTransport {
  const { name, server } = target;
  const config = withPlugins(target, deps);
  const http = new IsomorphicFetchHttpLibrary();
  /** Every request gets one of its own from the client; the first one serves all, so that connections are kept. */
  let dispatcher: Dispatcher | undefined;

  return {
    send,
    async [Symbol.asyncDispose]() {
      await dispatcher?.close();
    },
  };

  async function send(call: ClusterCall, signal: AbortSignal): Promise<ClusterAnswer> {
    const request = requestOf(call);
    await authorize(request, signal);
    const own = request.getDispatcher();
    if (own !== undefined) request.setDispatcher((dispatcher ??= own));
    const patience = AbortSignal.timeout(ANSWER_MS);
    request.setSignal(AbortSignal.any([signal, patience]));
    try {
      const { httpStatusCode: status, headers, body } = await http.send(request).toPromise();
      return { status, headers, text: await body.text() };
    } catch (error) {
      signal.throwIfAborted();
      const why = patience.aborted ? `no answer after ${ANSWER_MS / 1000} seconds` : causeOf(error);
      throw new ClusterError("unavailable", `cluster ${name} at ${server} does not answer: ${why}`);
    }
  }

  function requestOf({ method, path, query = {}, body }: ClusterCall): RequestContext {
    const search = new URLSearchParams(query).toString();
    const url = `${server.replace(/\/$/, "")}${path}${search === "" ? "" : `?${search}`}`;
    const request = new RequestContext(url, HttpMethod[method]);
    request.setHeaderParam("accept", "application/json");
    request.setHeaderParam("user-agent", `tidemark/${deps.version}`);
    if (body === undefined) return request;
    request.setHeaderParam("content-type", "application/json");
    request.setBody(JSON.stringify(body));
    return request;
  }

  async function authorize(request: RequestContext, signal: AbortSignal): Promise<void> {
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
}

/** What the network says, down to its cause; no address stands in it twice. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "the connection failed";
  return "code" in cause ? `${String(cause.code)} (${cause.message})` : cause.message;
}
