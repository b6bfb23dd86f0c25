import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Answer } from "../locks/protocol/wire.ts";
import { sendJson } from "./answer.ts";
import type { Metrics } from "./metrics.ts";
import { RequestError, readAcquire, readHandle } from "./read-request.ts";
import type { LockService } from "./service.ts";

type Operation = (clientId: string, body: string) => Promise<Answer>;

/** Ids that servers hand out are UUIDs; any word of this kind is one. */
const CLIENT_ID = /^[\w.-]{1,100}$/;

/** The endpoints of one client's locks. */
export function addLockerRoutes(app: FastifyInstance, locks: LockService, metrics: Metrics): void {
  const operations: Readonly<Record<string, Operation>> = {
    acquire: (clientId, body) => locks.acquire(clientId, readAcquire(body)),
    "renew-lease": (clientId, body) => locks.renew(clientId, readHandle(body)),
    release: (clientId, body) => locks.release(clientId, readHandle(body)),
  };
  for (const [name, operation] of Object.entries(operations)) {
    app.all(`/:clientId/locker/${name}`, async (request, reply) => {
      const answer = await operation(clientIdOf(request), bodyOf(request));
      metrics.answered(name, answer.err, reply.elapsedTime);
      return sendJson(reply, answer);
    });
  }
  app.addHook("onResponse", async (request, reply) => {
    const name = /\/locker\/(?<name>[a-z-]+)$/.exec(request.routeOptions.url ?? "")?.groups?.[
      "name"
    ];
    if (name !== undefined && reply.statusCode !== 200) countFailure(name, reply);
  });

  function countFailure(name: string, reply: FastifyReply): void {
    metrics.answered(name, reply.statusCode, reply.elapsedTime);
  }
}

/** The id in the path of a request. Throws `RequestError`. */
export function clientIdOf({ params }: FastifyRequest): string {
  const found: unknown =
    typeof params === "object" && params !== null && "clientId" in params ? params.clientId : "";
  if (typeof found === "string" && CLIENT_ID.test(found)) return found;
  throw new RequestError("Bad request: the path names no client id");
}

/** The text that a request carries; without any it is empty. */
export function bodyOf({ body }: FastifyRequest): string {
  return typeof body === "string" ? body : "";
}
