import type { HttpClient, HttpRequest, HttpResponse } from "../../src/http/client.ts";

/**
 * The door, with a memory for refused logins: credentials that the token service refused are not sent to it again.
 *
 * Thirty failed logins within three minutes shut a whole address out for an hour, and requests that run at the same time
 * would each try. Source: GitLab docs, "Failed authentication ban for Git and container registry".
 */
export function withBanGuard(http: HttpClient): HttpClient {
  const refused = new Map<string, Refused>();
  return {
    async send(request) {
      const login = loginOf(request);
      if (login === undefined) return http.send(request);
      const place = `${login} ${request.url.href}`;
      const known = refused.get(login) ?? refused.get(place);
      if (known !== undefined) return answerOf(known, request.url);
      const response = await http.send(request);
      if (response.status !== 401 && response.status !== 403) return response;
      const { status, headers, challenges } = response;
      const body = await response.bytes(MAX_REFUSAL_BYTES);
      const answer: Refused = { status, headers, challenges, body };
      // 401 is about the credentials, 403 may be about what was asked for with them.
      refused.set(status === 401 ? login : place, answer);
      return answerOf(answer, response.url);
    },
    counts: () => http.counts(),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

interface Refused extends Pick<HttpResponse, "status" | "headers" | "challenges"> {
  readonly body: Uint8Array;
}

const MAX_REFUSAL_BYTES = 1024 * 1024;

/** What identifies the credentials of a request to the token service. */
function loginOf({ method, url, headers }: HttpRequest): string | undefined {
  if (method !== "GET" || !url.pathname.endsWith("/jwt/auth")) return undefined;
  return headers?.["authorization"];
}

function answerOf({ body, ...rest }: Refused, url: URL): HttpResponse {
  return {
    ...rest,
    url,
    bytes: async () => body,
    stream: () => new Blob([Uint8Array.from(body)]).stream(),
    discard: async () => undefined,
  };
}
