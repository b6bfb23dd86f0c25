import type { TokenCredentialOptions } from "@azure/identity";
import type { HttpClient } from "../../src/http/client.ts";

/** What the Azure libraries send their requests by. */
type AzureHttpClient = NonNullable<TokenCredentialOptions["httpClient"]>;
type AzureRequest = Parameters<AzureHttpClient["sendRequest"]>[0];
type AzureHeaders = Awaited<ReturnType<AzureHttpClient["sendRequest"]>>["headers"];

/** A sign-in answers with some kilobytes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The door to the network, as the Azure libraries know one. Their requests for tokens only ask. */
export function createAzureHttpClient(http: HttpClient): AzureHttpClient {
  return {
    async sendRequest(request) {
      const { body, method } = request;
      if (method !== "GET" && method !== "POST") throw new Error(`${method} signs nobody in`);
      if (body !== undefined && body !== null && typeof body !== "string") {
        throw new Error("a request for a token has a text or nothing as its body");
      }
      const signal = signalOf(request);
      const response = await http.send({
        method,
        url: new URL(request.url),
        headers: request.headers.toJSON(),
        ...(body === undefined || body === null ? {} : { body: new TextEncoder().encode(body) }),
        isQuery: true,
        signal,
      });
      const bytes = await response.bytes(MAX_ANSWER_BYTES);
      return {
        request,
        status: response.status,
        headers: headersOf(response.headers),
        bodyAsText: new TextDecoder().decode(bytes),
      };
    },
  };
}

function signalOf({ abortSignal }: AzureRequest): AbortSignal | undefined {
  if (abortSignal === undefined) return undefined;
  const controller = new AbortController();
  if (abortSignal.aborted) controller.abort();
  abortSignal.addEventListener("abort", () => controller.abort());
  return controller.signal;
}

function headersOf(headers: Readonly<Record<string, string | undefined>>): AzureHeaders {
  const entries = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) entries.set(name, value);
  }
  return {
    get: (name) => entries.get(name.toLowerCase()),
    has: (name) => entries.has(name.toLowerCase()),
    set: (name, value) => void entries.set(name.toLowerCase(), String(value)),
    delete: (name) => void entries.delete(name.toLowerCase()),
    toJSON: () => Object.fromEntries(entries),
    [Symbol.iterator]: () => entries.entries(),
  };
}
