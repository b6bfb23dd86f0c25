import { HttpError } from "../http/client.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../http/client.ts";

/** The registry's address, of which the scheme may have to be found out. */
export interface Origin {
  /** Sends below this origin, or to an absolute URL. Rejects as `HttpClient.send` does. */
  send(target: string | URL, request: Omit<HttpRequest, "url">): Promise<HttpResponse>;
  /** Whether a URL is of this origin. False before the first answer. */
  includes(url: URL): boolean;
  /** `https:` until an answer came without TLS. */
  protocol(): "https:" | "http:";
}

export interface OriginOptions {
  readonly host: string;
  readonly http: HttpClient;
  /** Plain `http:` may be used; a loopback host may always. */
  readonly insecure: boolean;
  /** The scheme, where it was found out before. */
  readonly protocol?: "https:" | "http:" | undefined;
}

/**
 * Finds the scheme with the first request itself: TLS is tried first, and plain HTTP only where it is allowed
 * and the server does not speak TLS. A certificate that is refused is never a reason to go on without.
 */
export function createOrigin({ host, http, insecure, ...found }: OriginOptions): Origin {
  const mayBePlain = insecure || isLoopback(host);
  let protocol: "https:" | "http:" = (mayBePlain ? found.protocol : undefined) ?? "https:";
  let isKnown = !mayBePlain || found.protocol !== undefined;
  let finding: Promise<HttpResponse> | undefined;

  return {
    async send(target, request) {
      while (!isKnown) {
        if (finding === undefined) {
          finding = find(target, request).finally(() => (finding = undefined));
          return finding;
        }
        await finding.catch(() => undefined);
      }
      return sendNow(target, request);
    },
    includes: (url) => isKnown && url.protocol === protocol && url.host === hostOf(protocol),
    protocol: () => protocol,
  };

  async function find(
    target: string | URL,
    request: Omit<HttpRequest, "url">,
  ): Promise<HttpResponse> {
    try {
      const response = await sendNow(target, request);
      isKnown = true;
      return response;
    } catch (error) {
      if (!(error instanceof HttpError) || !speaksNoTls(error, host)) throw error;
      protocol = "http:";
      return sendPlain(target, request, error);
    }
  }

  async function sendPlain(
    target: string | URL,
    request: Omit<HttpRequest, "url">,
    tlsError: HttpError,
  ): Promise<HttpResponse> {
    try {
      const response = await sendNow(target, request);
      isKnown = true;
      return response;
    } catch (error) {
      protocol = "https:";
      if (error instanceof HttpError && error.code === tlsError.code) throw tlsError;
      throw error;
    }
  }

  function sendNow(target: string | URL, request: Omit<HttpRequest, "url">): Promise<HttpResponse> {
    const url = typeof target === "string" ? new URL(`${protocol}//${host}${target}`) : target;
    return http.send({ ...request, url });
  }

  /** As URLs spell it: without a port that is the scheme's own. */
  function hostOf(scheme: "https:" | "http:"): string {
    return new URL(`${scheme}//${host}`).host;
  }
}

/** Whether the host can only be this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name) ||
    name === "[::1]"
  );
}

/** The answer to a TLS greeting was no TLS, or a port that only plain HTTP would use was not tried yet. */
function speaksNoTls({ code = "" }: HttpError, host: string): boolean {
  if (code === "EPROTO" || code === "ECONNRESET" || code === "UND_ERR_SOCKET") return true;
  if (code.startsWith("ERR_SSL_")) return true;
  const hasPort = /:\d+$/.test(host);
  return !hasPort && (code === "ECONNREFUSED" || code === "UND_ERR_CONNECT_TIMEOUT");
}
