import { randomUUID } from "node:crypto";

import type { FastifyInstance, FastifyRequest } from "fastify";

import type { ClientIdAnswer } from "../locks/protocol/wire.ts";
import { sendJson, sendLine } from "./answer.ts";
import { bodyOf } from "./locker-routes.ts";
import type { Metrics } from "./metrics.ts";
import { PAGE } from "./page.ts";
import { readAny, readEcho } from "./read-request.ts";
import type { LeaseStore } from "./store.ts";

/** Paths that need no token: they tell nothing and change nothing. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/", "/health", "/ready"]);

/** What is no client's own: ids, health, numbers, and the page. Only a `POST` has a body that is read. */
export function addServiceRoutes(app: FastifyInstance, store: LeaseStore, metrics: Metrics): void {
  app.all("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(PAGE));
  app.all("/health", (request, reply) => {
    const { echo } = isPost(request) ? readEcho(bodyOf(request)) : { echo: "" };
    return sendJson(reply, { err: "", echo, status: "OK" });
  });
  app.all("/new-client-id", (request, reply) => {
    if (isPost(request)) readAny(bodyOf(request));
    const answer: ClientIdAnswer = { err: "", clientID: randomUUID() };
    return sendJson(reply, answer);
  });
  app.get("/ready", async (_request, reply) => {
    await store.ping();
    return sendLine(reply, 200, "ready");
  });
  app.get("/metrics", async (_request, reply) => {
    const text = await metrics.render(() => store.count());
    return reply.type(metrics.contentType).send(text);
  });
}

function isPost({ method }: FastifyRequest): boolean {
  return method === "POST";
}
