import type { Gate } from "./auth.ts";
import { createGate } from "./gate.ts";
import type { FakeRequest, Handler } from "./message.ts";
import { ociConformant } from "./personality.ts";
import type { Personality } from "./personality.ts";
import { createRouter } from "./router.ts";
import { listen } from "./serve.ts";
import type { Listening, TlsFiles } from "./serve.ts";
import { createState } from "./state.ts";
import type { RegistryState } from "./state.ts";

/** A strict OCI Distribution registry in this process. Source: distribution-spec 1.1. */
export interface FakeRegistry {
  /** Answers one request; usable without a socket. */
  readonly handle: Handler;
  readonly personality: Personality;
  readonly state: RegistryState;
  /** Every request answered so far, in the order of the answers. */
  requests(): readonly LoggedRequest[];
  /** Makes every bearer token issued so far worthless. */
  revokeTokens(): void;
  listen(tls?: TlsFiles): Promise<ListeningRegistry>;
}

export type ListeningRegistry = FakeRegistry & Listening;

interface LoggedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** `0` when the connection was broken instead of an answer. */
  readonly status: number;
  /** Whether an `Authorization` header came along. */
  readonly authorized: boolean;
}

export interface FakeOptions extends Partial<Personality> {
  /** Milliseconds since the epoch; only the lifetime of tokens looks at it. Default: the clock. */
  readonly now?: () => number;
  /** Runs before a request is served, after its body came; `index` counts from 0. */
  readonly onRequest?: (request: FakeRequest, index: number) => void | Promise<void>;
  /** What it holds at the start. Default: nothing. */
  readonly state?: RegistryState;
}

/** A registry of `ociConformant` behaviour, but for what `options` names. */
export function createFakeRegistry(options: FakeOptions = {}): FakeRegistry {
  const { now = Date.now, onRequest, state = createState(), ...traits } = options;
  const personality: Personality = { ...ociConformant, ...traits };
  const gate = createGate(personality.auth, now);
  const router = createRouter(state, personality, gate);
  return assemble({ state, personality, gate }, async (request, index) => {
    await onRequest?.(request, index);
    return router(request);
  });
}

export interface Parts {
  readonly state: RegistryState;
  readonly personality: Personality;
  readonly gate: Pick<Gate, "revokeTokens">;
}

export type IndexedHandler = (request: FakeRequest, index: number) => ReturnType<Handler>;

/** Puts a log and a door around a handler. */
export function assemble(
  { state, personality, gate }: Parts,
  answerTo: IndexedHandler,
): FakeRegistry {
  const log: LoggedRequest[] = [];
  let seen = 0;
  const handle: Handler = async (request) => {
    const response = await answerTo(request, seen++);
    const query = request.query.toString();
    log.push({
      method: request.method,
      path: query === "" ? request.path : `${request.path}?${query}`,
      status: response.broken?.kind === "reset" ? 0 : response.status,
      authorized: request.headers["authorization"] !== undefined,
    });
    return response;
  };
  const registry: FakeRegistry = {
    handle,
    personality,
    state,
    requests: () => [...log],
    revokeTokens: () => gate.revokeTokens(),
    listen: async (tls) => ({ ...registry, ...(await listen(handle, tls)) }),
  };
  return registry;
}
