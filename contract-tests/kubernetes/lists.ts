import { randomUUID } from "node:crypto";

import type { FakeRequest, FakeResponse } from "../fakes/message.ts";
import { answerJson } from "../fakes/message.ts";
import type { KubeObject, KubeResource } from "./object.ts";
import { apiVersionOf } from "./object.ts";
import { refuse } from "./status.ts";

/** Lists in pages, each from the moment of the first one. */
export interface Pager {
  answer(
    resource: KubeResource,
    objects: readonly KubeObject[],
    request: FakeRequest,
  ): FakeResponse;
  /** From now on, no list that was begun can go on. */
  expire(): void;
}

interface Snapshot {
  readonly revision: number;
  readonly objects: readonly KubeObject[];
  readonly start: number;
}

/** Query parameters of a list. Anything else is refused, so that a client cannot lean on what is ignored. */
const KNOWN = new Set(["limit", "continue", "labelSelector", "fieldSelector", "resourceVersion"]);

/** Fields that a selector may name, by resource. Source: Kubernetes, registry strategies. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  secrets: ["metadata.name", "metadata.namespace", "type"],
  pods: ["metadata.name", "metadata.namespace", "status.phase", "spec.nodeName"],
};

export function createPager(revision: () => number): Pager {
  const open = new Map<string, Snapshot>();

  return { answer, expire: () => open.clear() };

  function answer(
    resource: KubeResource,
    objects: readonly KubeObject[],
    { query }: FakeRequest,
  ): FakeResponse {
    const strange = [...query.keys()].find((key) => !KNOWN.has(key) && key !== "watch");
    if (strange !== undefined) return refuse("BadRequest", `unknown parameter ${strange}`);
    if (query.get("watch") !== null) return refuse("MethodNotAllowed", "this cluster has no watch");
    const limit = Number(query.get("limit") ?? "0");
    if (!Number.isSafeInteger(limit) || limit < 0) {
      return refuse("BadRequest", `limit "${query.get("limit") ?? ""}" is no number`);
    }
    const token = query.get("continue");
    if (token !== null) return next(resource, token, limit);
    const chosen = select(resource, objects, query);
    if (!Array.isArray(chosen)) return chosen;
    return page(resource, { revision: revision(), objects: chosen, start: 0 }, limit);
  }

  function next(resource: KubeResource, token: string, limit: number): FakeResponse {
    const snapshot = open.get(token);
    if (snapshot === undefined) {
      return refuse(
        "Expired",
        "The provided continue parameter is too old to display a consistent list result.",
      );
    }
    return page(resource, snapshot, limit);
  }

  function page(
    resource: KubeResource,
    { revision: at, objects, start }: Snapshot,
    limit: number,
  ): FakeResponse {
    const stop = limit === 0 ? objects.length : Math.min(objects.length, start + limit);
    const left = objects.length - stop;
    const token = left > 0 ? randomUUID() : undefined;
    if (token !== undefined) open.set(token, { revision: at, objects, start: stop });
    return answerJson(200, {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(at),
        ...(token === undefined ? {} : { continue: token, remainingItemCount: left }),
      },
      // Built-in kinds come without their kind in lists, as from every API server.
      items: objects.slice(start, stop).map((object) => withoutKind(resource, object)),
    });
  }
}

function withoutKind({ group }: KubeResource, object: KubeObject): unknown {
  if (group.includes(".")) return object;
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

function select(
  { resource }: KubeResource,
  objects: readonly KubeObject[],
  query: URLSearchParams,
): KubeObject[] | FakeResponse {
  const labels = pairs(query.get("labelSelector"));
  const fields = pairs(query.get("fieldSelector"));
  if (labels === undefined || fields === undefined) {
    return refuse("BadRequest", "unable to parse requirement");
  }
  const known = SELECTABLE[resource] ?? ["metadata.name", "metadata.namespace"];
  const strange = fields.find(([field]) => !known.includes(field));
  if (strange !== undefined) {
    return refuse("BadRequest", `field label not supported: ${strange[0]}`);
  }
  return objects.filter(
    (object) =>
      labels.every(([name, value]) => object.metadata.labels?.[name] === value) &&
      fields.every(([field, value]) => valueAt(object, field.split(".")) === value),
  );
}

/** Equalities of a selector; `undefined` for one that says anything else. */
function pairs(selector: string | null): [string, string][] | undefined {
  if (selector === null || selector === "") return [];
  const found: [string, string][] = [];
  for (const part of selector.split(",")) {
    const [, name, value] = /^([^=!,()\s]+)={1,2}([^=!,()\s]*)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) return undefined;
    found.push([name, value]);
  }
  return found;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = new Map(Object.entries(at)).get(step);
  }
  return at;
}
