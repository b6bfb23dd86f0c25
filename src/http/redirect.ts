import { HttpError } from "./client.ts";
import type { HttpRequest } from "./client.ts";
import { isCredentialHeader, redactUrl } from "./redact.ts";

/** Browsers allow twenty; registries use one, two behind a proxy. */
export const MAX_REDIRECTS = 5;

/**
 * The request an answer redirects to, or `undefined` when the answer stands as it is.
 *
 * Reads follow every redirect, writes only those that keep the method (307, 308) and only with a body that can
 * be sent again. Whatever could authenticate us stays behind when the origin changes. Throws `HttpError` for a
 * redirect from `https:` to `http:`, and to anything that is not HTTP.
 */
export function redirectedRequest(
  request: HttpRequest,
  status: number,
  location: string | undefined,
): HttpRequest | undefined {
  if (location === undefined || !isFollowed(request, status)) return undefined;
  const from = request.url;
  if (!URL.canParse(location, from.href)) {
    throw new HttpError(`${request.method} ${redactUrl(from)}: redirected to no URL`);
  }
  const url = new URL(location, from);
  const isHttp = url.protocol === "http:" || url.protocol === "https:";
  if (!isHttp || (from.protocol === "https:" && url.protocol === "http:")) {
    throw new HttpError(
      `${request.method} ${redactUrl(from)}: redirected from ${from.protocol} to ${url.protocol}, which is refused`,
      { code: "INSECURE_REDIRECT" },
    );
  }
  url.username = "";
  url.password = "";
  if (url.origin === from.origin) return { ...request, url };
  const { budget: _budget, ...rest } = request;
  return { ...rest, url, headers: withoutCredentials(request.headers ?? {}) };
}

function isFollowed({ method, body }: HttpRequest, status: number): boolean {
  if (method === "GET" || method === "HEAD") return [301, 302, 303, 307, 308].includes(status);
  const isStream = body !== undefined && !(body instanceof Uint8Array);
  return method !== "POST" && !isStream && (status === 307 || status === 308);
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isCredentialHeader(name)));
}
