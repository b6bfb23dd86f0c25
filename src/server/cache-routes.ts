import type { FastifyInstance, FastifyRequest } from "fastify";

import { sendJson } from "./answer.ts";
import { bodyOf, clientIdOf } from "./locker-routes.ts";
import { readAny } from "./read-request.ts";

const PREFIXES = [
  { path: "stages-storage-cache", by: "signature" }, // werf 1.1, and 1.2 for it
  { path: "stages-storage-cache/v1", by: "digest" }, // werf 1.2
] as const;

/**
 * The cache of stages that werf 1.1 and 1.2 ask beside the locks. It is always empty here: who finds nothing in it looks
 * into the repository, which is never out of date.
 */
export function addCacheRoutes(app: FastifyInstance): void {
  for (const { path, by } of PREFIXES) {
    for (const name of ["get-all-stages", `get-stages-by-${by}`]) {
      app.all(`/:clientId/${path}/${name}`, (request, reply) => {
        check(request);
        return sendJson(reply, { err: "", found: false, stages: null });
      });
    }
    for (const name of ["delete-all-stages", `store-stages-by-${by}`, `delete-stages-by-${by}`]) {
      app.all(`/:clientId/${path}/${name}`, (request, reply) => {
        check(request);
        return sendJson(reply, { err: "" });
      });
    }
  }
}

function check(request: FastifyRequest): void {
  clientIdOf(request);
  if (request.method === "POST") readAny(bodyOf(request));
}
