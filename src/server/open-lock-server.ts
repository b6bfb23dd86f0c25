import fastify from "fastify";
import type { FastifyInstance } from "fastify";

import { redactText } from "../http/redact.ts";
import { SERVER_HEADER } from "../locks/protocol/wire.ts";
import { sendLine } from "./answer.ts";
import { addCacheRoutes } from "./cache-routes.ts";
import { addLockerRoutes } from "./locker-routes.ts";
import type { Metrics } from "./metrics.ts";
import { RequestError } from "./read-request.ts";
import { OPEN_PATHS, addServiceRoutes } from "./service-routes.ts";
import { createLockService } from "./service.ts";
import { StoreError } from "./store.ts";
import type { LeaseStore } from "./store.ts";
import { showsToken } from "./token.ts";

export interface LockServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Disposed of with the server. */
  readonly store: LeaseStore;
  readonly metrics: Metrics;
  /** Needed for all but the page, health and readiness. Absent: anybody may ask. */
  readonly token?: string;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  /** For a whole request to arrive. Milliseconds. */
  readonly requestTimeoutMs: number;
  /** Told what kept a request from being answered, one line without secrets. */
  readonly onFailure: (line: string) => void;
}

export interface LockServer extends AsyncDisposable {
  /** `http://localhost:55581` */
  readonly url: string;
}

/** How often Node looks for requests that take too long. Milliseconds. */
const CHECK_EVERY_MS = 1_000;

/** How long requests that have arrived may take when the server is to close. Milliseconds. */
const DRAIN_MS = 8_000;

/** Listens. Closing lets requests that have arrived be answered. Rejects with what Node says when it cannot listen. */
export async function openLockServer(options: LockServerOptions): Promise<LockServer> {
  const { host, port, store, metrics } = options;
  const app = fastify({
    bodyLimit: options.maxBodyBytes,
    requestTimeout: options.requestTimeoutMs,
    exposeHeadRoutes: false,
    http: {
      requestTimeout: options.requestTimeoutMs,
      headersTimeout: options.requestTimeoutMs, // Node takes the longer of the two for the whole request.
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
  });
  app.server.maxConnections = options.maxConnections;
  takeAnyBodyAsText(app);
  app.addHook("onRequest", async (request, reply) => {
    void reply.header(SERVER_HEADER, "1");
    const path = request.url.split("?", 1)[0] ?? "";
    if (options.token === undefined || OPEN_PATHS.has(path)) return;
    if (showsToken(request.headers.authorization, options.token)) return;
    return sendLine(reply.header("www-authenticate", "Bearer"), 401, "a token is needed");
  });
  let isClosing = false;
  app.addHook("onSend", async (_request, reply) => {
    if (isClosing) void reply.header("connection", "close");
  });
  addServiceRoutes(app, store, metrics);
  addCacheRoutes(app);
  addLockerRoutes(app, createLockService(store, metrics), metrics);
  app.setNotFoundHandler((_request, reply) => sendLine(reply, 404, "404 page not found"));
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof RequestError) return sendLine(reply, 400, error.message);
    const status = statusOf(error);
    if (status < 500 && error instanceof Error)
      return sendLine(reply, status, redactText(error.message));
    options.onFailure(redactText(error instanceof Error ? error.message : String(error)));
    if (!(error instanceof StoreError)) return sendLine(reply, 500, "Internal error");
    return sendLine(reply.header("retry-after", "1"), 503, `Internal error: ${WORDS[error.code]}`);
  });

  try {
    await app.listen({ host, port });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  const address = app.server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${listening}`,
    async [Symbol.asyncDispose]() {
      isClosing = true;
      const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
      await app.close();
      clearTimeout(late);
      await store[Symbol.asyncDispose]();
    },
  };
}

/** What clients are told; where the store is and what it said is for those who run the server. */
const WORDS: Readonly<Record<StoreError["code"], string>> = {
  unavailable: "the store of locks does not answer",
  full: "there are too many locks",
  conflict: "too many requests for one lock at once",
  unfit: "the store of locks is not fit",
};

/** Clients say nothing of what they send; it is JSON whatever they say. */
function takeAnyBodyAsText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
}

/** Of what went wrong before anybody looked at the request: too long, broken off. */
function statusOf(error: unknown): number {
  const found = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof found === "number" && found >= 400 ? found : 500;
}
