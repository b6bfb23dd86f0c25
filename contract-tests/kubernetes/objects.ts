import { answerJson } from "../fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../fakes/message.ts";
import { refuseUngranted } from "./access.ts";
import type { Grant } from "./access.ts";
import type { Pager } from "./lists.ts";
import { apiPathOf, apiVersionOf } from "./object.ts";
import type { KubeObject, KubeResource } from "./object.ts";
import { qualified, refuse, unknownPath } from "./status.ts";
import type { StatusReason } from "./status.ts";
import type { Store } from "./store.ts";
import { objectionTo } from "./validate.ts";

/** What requests for objects are answered from. */
export interface Served {
  readonly store: Store;
  readonly pager: Pager;
  readonly grants: readonly Grant[];
  /** Who asks, as refusals say it. */
  readonly user: string;
}

const OBJECTS =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[a-z]+)(?:\/(?<name>[^/]+))?$/;

/** Answers lists, and requests for single objects. */
export function answerObjects(
  request: FakeRequest,
  { store, pager, grants, user }: Served,
): FakeResponse {
  const { groups } = OBJECTS.exec(request.path) ?? {};
  if (groups === undefined) return unknownPath();
  const { core, group = "", version = core, namespace, resource = "", name } = groups;
  const verb = verbOf(request.method, name);
  if (verb === undefined)
    return refuse("MethodNotAllowed", "the server does not allow this method");
  const wish = { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
  const refusal = refuseUngranted(wish, grants, user);
  if (refusal !== undefined) return refusal;
  const kind = store.resources.find(
    (one) => one.group === group && one.version === version && one.resource === resource,
  );
  if (kind === undefined) return unknownPath();
  const accepted = request.headers["accept"] ?? "*/*";
  if (!/application\/json|\*\/\*/.test(accepted)) {
    return refuse("NotAcceptable", "only the following media types are accepted: application/json");
  }
  if (verb === "list") return pager.answer(kind, store.list(kind, namespace), request);
  if (verb === "create") return create(request, kind, namespace, store);
  const object =
    kind.resource === "namespaces"
      ? store.namespace(name ?? "")
      : store.get(kind, namespace ?? "", name ?? "");
  if (object === undefined) {
    return refuse("NotFound", `${qualified(kind)} "${name ?? ""}" not found`);
  }
  if (verb === "get") return answerJson(200, object);
  if (verb === "update") return update(request, kind, object, store);
  store.remove(object);
  return answerJson(200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" });
}

function create(
  request: FakeRequest,
  resource: KubeResource,
  namespace: string | undefined,
  store: Store,
): FakeResponse {
  const { object, refusal } = readObject(request, resource, namespace);
  if (object === undefined) return refusal;
  if (namespace !== undefined && store.namespace(namespace) === undefined) {
    return refuse("NotFound", `namespaces "${namespace}" not found`);
  }
  if (store.get(resource, namespace ?? "", object.metadata.name) !== undefined) {
    return refuse(
      "AlreadyExists",
      `${qualified(resource)} "${object.metadata.name}" already exists`,
    );
  }
  return answerJson(201, store.put(object));
}

/** Replaces an object where it is still as the caller read it. Source: Kubernetes, API concepts. */
function update(
  request: FakeRequest,
  resource: KubeResource,
  stored: KubeObject,
  store: Store,
): FakeResponse {
  const { object, refusal } = readObject(request, resource, stored.metadata.namespace);
  if (object === undefined) return refusal;
  const { name, resourceVersion } = object.metadata;
  if (name !== stored.metadata.name) {
    return refuse("BadRequest", "the name of the object does not match the name on the URL");
  }
  if (resourceVersion !== undefined && resourceVersion !== stored.metadata["resourceVersion"]) {
    return refuse(
      "Conflict",
      `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    );
  }
  return answerJson(200, store.put(object));
}

type Reading =
  | { readonly object: KubeObject; readonly refusal?: undefined }
  | { readonly object?: undefined; readonly refusal: FakeResponse };

/** The object in the body, in its namespace; the refusal where there is none. */
function readObject(
  request: FakeRequest,
  resource: KubeResource,
  namespace: string | undefined,
): Reading {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
    return refused("UnsupportedMediaType", "the body of the request was in an unknown format");
  }
  const body: unknown = JSON.parse(Buffer.from(request.body).toString("utf8"));
  if (!isObject(body)) return refused("BadRequest", "Object 'Kind' is missing");
  if (body.kind !== resource.kind || body.apiVersion !== apiVersionOf(resource)) {
    return refused(
      "BadRequest",
      `${body.kind} in version "${body.apiVersion}" cannot be handled at ${apiPathOf(resource)}`,
    );
  }
  const place = namespace === undefined ? {} : { namespace };
  const object = { ...body, metadata: { ...body.metadata, ...place } };
  const objection = objectionTo(object);
  if (objection === undefined) return { object };
  return refused("Invalid", `${object.kind} is invalid: ${objection}`);
}

function refused(reason: StatusReason, message: string): Reading {
  return { refusal: refuse(reason, message) };
}

function verbOf(method: string, name: string | undefined): string | undefined {
  if (method === "GET") return name === undefined ? "list" : "get";
  if (method === "POST" && name === undefined) return "create";
  if (method === "PUT" && name !== undefined) return "update";
  return method === "DELETE" && name !== undefined ? "delete" : undefined;
}

function isObject(value: unknown): value is KubeObject {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    "apiVersion" in value &&
    "metadata" in value &&
    typeof value.metadata === "object" &&
    value.metadata !== null &&
    "name" in value.metadata
  );
}
