/**
 * The one door to the network. Retries, the limiter of the host's budget, TLS, redirects and redaction
 * happen behind it; callers see one answer a request.
 */
export interface HttpClient extends AsyncDisposable {
  /**
   * Sends a request and answers with what came back, whatever its status. Rejects with `HttpError` when no
   * answer came after all retries, or with the abort reason.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Requests sent so far, by method, retries included. */
  counts(): RequestCounts;
}

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";

export type RequestCounts = Readonly<Record<Method, number>>;

/** What the door did on its own: nothing here holds a header, a query value or a user name. */
export type HttpEvent =
  | {
      readonly type: "http.retried";
      readonly method: Method;
      /** Redacted. */
      readonly url: string;
      /** The attempt that failed; the first is 1. */
      readonly attempt: number;
      readonly delayMs: number;
      /** Absent when there was no answer. */
      readonly status?: number;
    }
  /** A whole budget waits because the server said how long. */
  | { readonly type: "http.paused"; readonly budget: string; readonly delayMs: number }
  /** The server sent `Warning: 299`, which people must see; each text is reported once. */
  | { readonly type: "http.warned"; readonly host: string; readonly text: string };

export interface HttpRequest {
  readonly method: Method;
  /** Absolute, `http:` or `https:`. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes are sent again on a retry; a stream is sent once, so its request is never retried. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** The limiter this request counts against; default: the URL's host. */
  readonly budget?: string;
  /** A `POST` that only asks and changes nothing: it is sent again where a `GET` would be. Default: false. */
  readonly isQuery?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several values of one name are joined by `, `, except `set-cookie`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Every value of each `www-authenticate` header, in order. */
  readonly challenges: readonly string[];
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** The whole body; rejects when it is longer than `maxBytes`. */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** The body as a stream. Exactly one of `bytes`, `stream`, `discard` is called, once. */
  stream(): ReadableStream<Uint8Array>;
  /** Reads and drops the body, so that the connection can be used again. */
  discard(): Promise<void>;
}

/** No answer: unreachable, reset, timed out, TLS refused. The message is one line without secrets. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  /** What failed, as Node names it (`ECONNREFUSED`, `UND_ERR_SOCKET`), when known. */
  readonly code: string | undefined;

  constructor(
    message: string,
    details: { readonly code?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = details.code;
  }
}
