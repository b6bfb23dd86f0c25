import { deleteBlob, getBlob } from "./blobs.ts";
import type { Gate, Need } from "./auth.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { answer, answerJson, problem } from "./message.ts";
import type { FakeRequest, FakeResponse, Handler } from "./message.ts";
import { isName, routeOf } from "./names.ts";
import type { Route } from "./names.ts";
import type { Personality } from "./personality.ts";
import { listReferrers } from "./referrers.ts";
import type { RegistryState } from "./state.ts";
import { listCatalog, listTags } from "./tags.ts";
import { continueUpload, startUpload } from "./uploads.ts";

/** The registry as a function of its state: routes, rights, and what every answer has in common. */
export function createRouter(state: RegistryState, personality: Personality, gate: Gate): Handler {
  return async (request) => {
    if (request.path === "/token") return gate.issue(request);
    const route = routeOf(request.path);
    if (route === undefined) return problem(404, "UNSUPPORTED");
    const response =
      gate.check(request, needsOf(route, request)) ?? serve(state, personality, route, request);
    return {
      ...response,
      headers: { "docker-distribution-api-version": "registry/2.0", ...response.headers },
    };
  };
}

function serve(
  state: RegistryState,
  personality: Personality,
  route: Route,
  request: FakeRequest,
): FakeResponse {
  if ("name" in route && !isName(route.name)) return problem(400, "NAME_INVALID");
  const method = request.method === "HEAD" ? "GET" : request.method;
  switch (`${method} ${route.kind}`) {
    case "GET base":
      return answerJson(200, {});
    case "GET catalog":
      return listCatalog(state, personality, request);
  }
  switch (route.kind) {
    case "base":
    case "catalog":
      break;
    case "tags":
      if (method === "GET") return listTags(state, personality, route.name, request);
      break;
    case "referrers":
      if (method === "GET") return listReferrers(state, personality, route, request);
      break;
    case "manifest":
      if (method === "GET") return getManifest(state, personality, route, request);
      if (method === "PUT") return putManifest(state, personality, route, request);
      if (method === "DELETE") return deleteManifest(state, personality, route);
      break;
    case "blob":
      if (method === "GET") return getBlob(state, route, request);
      if (method === "DELETE") return deleteBlob(state, personality, route);
      break;
    case "uploads":
      if (method === "POST") return startUpload(state, personality, route.name, request);
      break;
    case "upload":
      if (["GET", "PATCH", "PUT", "DELETE"].includes(method)) {
        return continueUpload(state, personality, route, request);
      }
      break;
  }
  return answer(405, { allow: "GET, HEAD" });
}

function needsOf(route: Route, { method, query }: FakeRequest): Need[] {
  if (route.kind === "base" || route.kind === "catalog") return [];
  const repository = route.name;
  if (route.kind === "upload" || route.kind === "uploads") {
    const from = query.get("from");
    const source: Need[] = from === null ? [] : [{ repository: from, action: "pull" }];
    return [{ repository, action: "pull" }, { repository, action: "push" }, ...source];
  }
  if (method === "DELETE") return [{ repository, action: "delete" }];
  if (method === "PUT") {
    return [
      { repository, action: "pull" },
      { repository, action: "push" },
    ];
  }
  return [{ repository, action: "pull" }];
}
