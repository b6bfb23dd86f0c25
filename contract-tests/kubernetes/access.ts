import type { FakeRequest, FakeResponse } from "../fakes/message.ts";
import { qualified, refuse } from "./status.ts";

/** What a caller may do; a star stands for all. */
export interface Grant {
  /** Absent: in every namespace and across them. */
  readonly namespace?: string;
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What a caller wants. */
export interface Wish {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Absent across all namespaces. */
  readonly namespace?: string;
}

export const EVERYTHING: readonly Grant[] = [{ groups: ["*"], resources: ["*"], verbs: ["*"] }];

/** Refuses a request without the token. */
export function refuseStranger(request: FakeRequest, token: string): FakeResponse | undefined {
  return request.headers["authorization"] === `Bearer ${token}`
    ? undefined
    : refuse("Unauthorized", "Unauthorized");
}

/** Refuses what is not granted, before it is known whether the thing exists. Source: RBAC, its authorizer. */
export function refuseUngranted(
  wish: Wish,
  grants: readonly Grant[],
  user: string,
): FakeResponse | undefined {
  if (grants.some((grant) => covers(grant, wish))) return undefined;
  const { verb, group, resource, namespace } = wish;
  const where =
    namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return refuse(
    "Forbidden",
    `${qualified(wish)} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
  );
}

function covers({ namespace, groups, resources, verbs }: Grant, wish: Wish): boolean {
  const has = (list: readonly string[], word: string): boolean =>
    list.includes("*") || list.includes(word);
  if (namespace !== undefined && namespace !== wish.namespace) return false;
  return has(groups, wish.group) && has(resources, wish.resource) && has(verbs, wish.verb);
}
