import { HttpError } from "../http/client.ts";
import type { HttpRequest, HttpResponse, Method } from "../http/client.ts";
import { RegistryError, isRegistryError } from "../registry/error.ts";
import type { RegistryErrorCode } from "../registry/error.ts";
import { protocolError, refusalError, transportFailure } from "./error-response.ts";
import type { Purpose } from "./error-response.ts";

/** A registry's own API beside `/v2/`: JSON over HTTP, authorised in its own way. */
export interface NativeApi {
  /** Sends, and answers when the status is one of `accept`; else rejects with what the registry said. */
  call(call: NativeCall): Promise<NativeAnswer>;
  /** The error for a refusal that `accept` let through. */
  refusal(call: NativeCall, answer: NativeAnswer): RegistryError;
  /** An answer that makes no sense. */
  protocolError(
    call: NativeCall,
    why: string,
    details?: { readonly cause?: unknown },
  ): RegistryError;
}

export interface NativeCall {
  readonly method: Method;
  /** Below the API's origin, with its query, or absolute: a next page. */
  readonly target: string | URL;
  /** `cannot ${verb} ${reference}` must read as a sentence. */
  readonly verb: string;
  readonly reference: string;
  /** Statuses that are an answer; default: 200. */
  readonly accept?: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, with a `content-type` of `headers`. */
  readonly body?: Uint8Array;
  /** A `POST` that only asks; see `HttpRequest`. */
  readonly isQuery?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface NativeAnswer {
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  readonly url: URL;
  readonly body: Uint8Array;
  /** The body as JSON; `undefined` when it is empty or none. */
  readonly json: unknown;
}

export interface NativeApiOptions {
  /** Whose API it is, for messages. */
  readonly host: string;
  /** Sends one request: an `Origin`'s, or the door's below an address of the API's own. */
  readonly send: (target: string | URL, request: Omit<HttpRequest, "url">) => Promise<HttpResponse>;
  /**
   * Headers that let a request in. `again`: those of before were refused with 401, and answering `undefined` says that
   * there are no better ones.
   */
  readonly authorize: (attempt: {
    readonly again: boolean;
    readonly signal: AbortSignal | undefined;
  }) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Every secret that was used so far, to be taken out of what the registry says. */
  readonly secrets: () => Iterable<string>;
  /** What a refusal means where status and code of the OCI format do not tell; `undefined` leaves it to them. */
  readonly classify?: (refusal: NativeRefusal) => Classified | undefined;
  /** Limiter to count against; default: the host. */
  readonly budget?: string;
}

export interface NativeRefusal {
  readonly call: NativeCall;
  readonly status: number;
  readonly headers: HttpResponse["headers"];
  readonly json: unknown;
  readonly text: string;
}

export interface Classified {
  readonly code: RegistryErrorCode;
  /** The registry's own code, verbatim. */
  readonly registryCode?: string;
  /** What the reader can do, a sentence. */
  readonly hint?: string;
}

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Whether a native call may be sent again is the door's to know: GET, HEAD, PUT and DELETE are, POST only as a query. */
export function createNativeApi(options: NativeApiOptions): NativeApi {
  const { host } = options;
  return {
    async call(call) {
      const answer = await sendAuthorised(call);
      if ((call.accept ?? [200]).includes(answer.status)) return answer;
      throw refusal(call, answer);
    },
    refusal,
    protocolError: (call, why, details) => protocolError(purposeOf(call), why, details),
  };

  async function sendAuthorised(call: NativeCall): Promise<NativeAnswer> {
    const first = await authorize(call, false);
    const answer = await sendOnce(call, first ?? {});
    if (answer.status !== 401) return answer;
    const other = await authorize(call, true);
    return other === undefined ? answer : sendOnce(call, other);
  }

  async function authorize(
    call: NativeCall,
    again: boolean,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      return await options.authorize({ again, signal: call.signal });
    } catch (error) {
      call.signal?.throwIfAborted();
      if (isRegistryError(error)) throw error;
      if (error instanceof HttpError) throw transportFailure(purposeOf(call), error);
      throw error;
    }
  }

  async function sendOnce(
    call: NativeCall,
    authorization: Readonly<Record<string, string>>,
  ): Promise<NativeAnswer> {
    const { method, target, headers, json, body, isQuery, signal } = call;
    const bytes = json === undefined ? body : new TextEncoder().encode(JSON.stringify(json));
    try {
      const response = await options.send(target, {
        method,
        headers: {
          accept: "application/json",
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
          ...authorization,
        },
        ...(bytes === undefined ? {} : { body: bytes }),
        ...(options.budget === undefined ? {} : { budget: options.budget }),
        ...(isQuery === undefined ? {} : { isQuery }),
        signal,
      });
      const received = await response.bytes(MAX_ANSWER_BYTES);
      return {
        status: response.status,
        headers: response.headers,
        url: response.url,
        body: received,
        json: parseJson(received),
      };
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof HttpError ? transportFailure(purposeOf(call), error) : error;
    }
  }

  function refusal(call: NativeCall, { status, headers, body, json }: NativeAnswer): RegistryError {
    const usual = refusalError(purposeOf(call), { status, body });
    const text = new TextDecoder().decode(body.subarray(0, MAX_WORDS_BYTES));
    const known = options.classify?.({ call, status, headers, json, text });
    if (known === undefined) return usual;
    const registryCode = known.registryCode ?? usual.registryCode;
    const hint = known.hint ?? (known.code === usual.code ? usual.hint : undefined);
    return new RegistryError(
      known.code,
      usual.message.replace(`: ${usual.code} (`, `: ${known.code} (`),
      {
        status,
        ...(registryCode === undefined ? {} : { registryCode }),
        ...(hint === undefined ? {} : { hint }),
      },
    );
  }

  function purposeOf({ verb, reference }: NativeCall): Purpose {
    return { host, verb, reference, scrub };
  }

  function scrub(text: string): string {
    let clean = text;
    for (const secret of options.secrets()) {
      if (secret === "") continue;
      clean = clean.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
    }
    return clean;
  }
}

const MAX_WORDS_BYTES = 64 * 1024;

function parseJson(body: Uint8Array): unknown {
  if (body.byteLength === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // A proxy's page: whoever needs JSON says what is missing.
  }
}
