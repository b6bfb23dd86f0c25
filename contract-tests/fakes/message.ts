/** A request as a fake sees it: plain values, so that a handler runs with or without a socket. */
export interface FakeRequest {
  readonly method: string;
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface FakeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
  /** What goes wrong on the wire instead of, or in the middle of, this answer. */
  readonly broken?: Breakage;
}

/** `reset`: the connection ends before any byte; `cut`: after `bytes` of the body, of a longer announced one. */
type Breakage = { readonly kind: "reset" } | { readonly kind: "cut"; readonly bytes: number };

export type Handler = (request: FakeRequest) => Promise<FakeResponse>;

const EMPTY = new Uint8Array(0);

export function answer(
  status: number,
  headers: FakeResponse["headers"] = {},
  body: Uint8Array = EMPTY,
): FakeResponse {
  return { status, headers, body };
}

export function answerJson(
  status: number,
  value: unknown,
  headers: FakeResponse["headers"] = {},
): FakeResponse {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return answer(status, { "content-type": "application/json", ...headers }, body);
}

/** One error of the specification's list, for `problem`. */
export interface Problem {
  readonly code: string;
  readonly message?: string;
  readonly detail?: unknown;
}

/** An answer with the specification's error body. Source: distribution-spec, "Error Codes". */
export function problem(
  status: number,
  problems: string | Problem | readonly Problem[],
  headers: FakeResponse["headers"] = {},
): FakeResponse {
  const list = typeof problems === "string" ? [{ code: problems }] : [problems].flat();
  const errors = list.map((one) => ({
    ...one,
    message: one.message ?? one.code.toLowerCase().replaceAll("_", " "),
  }));
  return answerJson(status, { errors }, headers);
}

/** The origin the client spoke to, for absolute links. */
export function originOf({ headers }: FakeRequest): string {
  return `${headers["x-fake-scheme"] ?? "http"}://${headers["host"] ?? "127.0.0.1"}`;
}
