import type { HttpClient, Method } from "../../src/http/client.ts";

/** The part of the SDK's requests that matters. Source: `@smithy/types`, `HttpRequest`. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkAnswer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array;
  };
}

/** The SDK's way to the network: our door. One attempt of the SDK is one request of the door, with its own retries. */
export interface RequestHandler {
  handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<SdkAnswer>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

/** An answer to a JSON call that is no JSON: a proxy's page. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  readonly status: number;
  readonly body: Uint8Array;

  constructor(status: number, body: Uint8Array) {
    super(`an answer of status ${status} is not JSON`);
    this.status = status;
    this.body = body;
  }
}

/** A page of a thousand images with hundreds of tags each fits. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** @param budget The limiter that all of these requests count against. */
export function createRequestHandler(http: HttpClient, budget: string): RequestHandler {
  return {
    async handle(request, { abortSignal } = {}) {
      const { body } = request;
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
      const answer = await http.send({
        method: methodOf(request.method),
        url: urlOf(request),
        headers: request.headers,
        ...(bytes instanceof Uint8Array ? { body: bytes } : {}),
        ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
        budget,
      });
      const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      return {
        response: {
          statusCode: answer.status,
          headers: Object.fromEntries(headers),
          body: await answer.bytes(MAX_ANSWER_BYTES),
        },
      };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

/** The same for an API that speaks JSON: rejects with `UnreadableAnswer` instead of leaving a page to the SDK. */
export function createJsonHandler(http: HttpClient, budget: string): RequestHandler {
  const handler = createRequestHandler(http, budget);
  return {
    ...handler,
    async handle(request, options) {
      const answer = await handler.handle(request, options);
      const { statusCode, body } = answer.response;
      if (!isJsonObject(body)) throw new UnreadableAnswer(statusCode, body);
      return answer;
    },
  };
}

/** An action without a result answers with an empty body. */
function isJsonObject(body: Uint8Array): boolean {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof json === "object" && json !== null;
  } catch {
    return false; // Whoever asked says what that means.
  }
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) url.searchParams.append(name, one ?? "");
  }
  return url;
}

function methodOf(method: string): Method {
  switch (method) {
    case "GET":
    case "HEAD":
    case "PUT":
    case "POST":
    case "PATCH":
    case "DELETE":
      return method;
    default:
      throw new Error(`the SDK sends ${method}`);
  }
}
