/**
 * An API server, as far as locks need it. Rejects with `LockError` `unavailable` and `refused` where there is no answer,
 * or with the reason of the signal.
 */
export interface ObjectApi extends AsyncDisposable {
  /** For people: the name of the context. */
  readonly name: string;
  send(call: ObjectCall, signal: AbortSignal): Promise<ObjectAnswer>;
}

export interface ObjectCall {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: object;
}

export interface ObjectAnswer {
  readonly status: number;
  /** When the server answered, by its clock, in whole seconds. Milliseconds since 1970; absent: it does not say. */
  readonly answeredAt?: number;
  /** Parsed JSON; `undefined` for anything else. */
  readonly value: unknown;
}
