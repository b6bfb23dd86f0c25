import { assemble } from "./distribution.ts";
import type { FakeRegistry } from "./distribution.ts";
import { answer, problem } from "./message.ts";
import type { FakeRequest, FakeResponse } from "./message.ts";

/** What goes wrong with one answer. */
export type Fault =
  /** 429. `retryAfter` as it stands in the header, in any of its forms; absent: no header. */
  | { readonly kind: "throttled"; readonly retryAfter?: string; readonly headers?: Headers }
  | { readonly kind: "status"; readonly status: number; readonly code?: string }
  /** The connection ends without an answer; the registry did nothing. */
  | { readonly kind: "reset" }
  /** The registry did its work, and the connection ends without an answer. */
  | { readonly kind: "reset-after" }
  /** The answer's body breaks off half-way. */
  | { readonly kind: "cut-body" }
  /** The body is not JSON, though its type says so. */
  | { readonly kind: "broken-json" }
  /** An HTML page, as proxies answer. */
  | { readonly kind: "html"; readonly status: number }
  /** The answer is this one, whatever the registry would say. */
  | { readonly kind: "answer"; readonly response: FakeResponse }
  /** A list answer loses its second half and its link, and nothing betrays it. */
  | { readonly kind: "truncated-list" }
  /** A list answer is a full page, and its link is gone. */
  | { readonly kind: "lost-link" }
  /** A list answer leads back to itself. */
  | { readonly kind: "repeated-page" }
  /** One byte of the body is another. */
  | { readonly kind: "flipped-byte" };

type Headers = Readonly<Record<string, string>>;

export interface FaultRule {
  /** Which requests; `index` counts all requests from 0. Default: every one. */
  readonly when?: (request: FakeRequest, index: number) => boolean;
  /** How many of them, the first ones. Default: all. */
  readonly times?: number;
  /** Runs before the request is served or fails: moves a tag, adds a record. */
  readonly before?: (request: FakeRequest, index: number) => void | Promise<void>;
  /** Absent: only `before` happens. */
  readonly fault?: Fault;
}

/** The registry with faults in front of it; the first rule that takes a request decides. */
export function withFaults(registry: FakeRegistry, ...rules: readonly FaultRule[]): FakeRegistry {
  const left = rules.map(({ times = Infinity }) => times);
  const parts = { ...registry, gate: registry };
  return assemble(parts, async (request, index) => {
    const at = rules.findIndex(
      ({ when = () => true }, rule) => (left[rule] ?? 0) > 0 && when(request, index),
    );
    const rule = rules[at];
    if (rule === undefined) return registry.handle(request);
    left[at] = (left[at] ?? 0) - 1;
    await rule.before?.(request, index);
    return rule.fault === undefined
      ? registry.handle(request)
      : spoil(rule.fault, request, () => registry.handle(request));
  });
}

/** The transport stops for good after `requests` answers. */
export function stopsAfter(requests: number): FaultRule {
  return { when: (_, index) => index >= requests, fault: { kind: "reset" } };
}

async function spoil(
  fault: Fault,
  request: FakeRequest,
  serve: () => Promise<FakeResponse>,
): Promise<FakeResponse> {
  switch (fault.kind) {
    case "throttled":
      return problem(429, "TOOMANYREQUESTS", {
        ...fault.headers,
        ...(fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }),
      });
    case "status":
      return fault.code === undefined ? answer(fault.status) : problem(fault.status, fault.code);
    case "html":
      return html(fault.status);
    case "answer":
      return fault.response;
    case "reset":
      return { ...answer(500), broken: { kind: "reset" } };
    case "reset-after":
      return { ...(await serve()), broken: { kind: "reset" } };
    case "cut-body": {
      const whole = await serve();
      return { ...whole, broken: { kind: "cut", bytes: Math.floor(whole.body.length / 2) } };
    }
    case "broken-json":
      return withBody(await serve(), '{"name": "shop", "tags": [');
    case "flipped-byte":
      return flipByte(await serve());
    case "truncated-list":
      return truncate(await serve());
    case "lost-link":
      return withoutLink(await serve());
    case "repeated-page":
      return linkToSelf(await serve(), request);
  }
}

function html(status: number): FakeResponse {
  const page = "<html><body><h1>Sorry</h1></body></html>";
  return answer(status, { "content-type": "text/html" }, new TextEncoder().encode(page));
}

function withBody(response: FakeResponse, text: string): FakeResponse {
  return { ...response, body: new TextEncoder().encode(text) };
}

function flipByte(response: FakeResponse): FakeResponse {
  const body = Uint8Array.from(response.body);
  const last = body.length - 1;
  body[last] = (body[last] ?? 0) ^ 1;
  return { ...response, body };
}

function truncate(response: FakeResponse): FakeResponse {
  const json: unknown = JSON.parse(new TextDecoder().decode(response.body));
  if (typeof json !== "object" || json === null || !("tags" in json)) return response;
  const tags = Array.isArray(json.tags) ? json.tags : [];
  const half = { ...json, tags: tags.slice(0, Math.floor(tags.length / 2)) };
  return withoutLink(withBody(response, JSON.stringify(half)));
}

function withoutLink(response: FakeResponse): FakeResponse {
  const { link: _, ...headers } = response.headers;
  return { ...response, headers };
}

function linkToSelf(response: FakeResponse, { path, query }: FakeRequest): FakeResponse {
  const link = `<${path}?${query.toString()}>; rel="next"`;
  return { ...response, headers: { ...response.headers, link } };
}
