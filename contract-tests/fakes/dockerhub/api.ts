import type { Digest } from "../../../src/oci/digest.ts";
import { answer, answerJson, originOf } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState } from "../state.ts";
import type { HubAccount, Sessions } from "./accounts.ts";

export interface HubApiOptions {
  readonly state: RegistryState;
  readonly sessions: Sessions;
  /** Most entries of a page. */
  readonly maxPage: number;
  /** Expressions; a tag that one matches is neither moved nor deleted. */
  readonly immutableRules: readonly string[];
  /** When a tag was last pushed, in milliseconds since the epoch. */
  readonly pushedAt: (name: string, tag: string) => number;
  /** Tags of an age from which the Hub kept no digest. */
  readonly withoutDigest: ReadonlySet<string>;
}

/** Whether a path is the Hub API's, and not the registry's. */
export function isHubPath(path: string): boolean {
  return /^\/v2\/(?:auth|namespaces|repositories)\//.test(path);
}

/** The Hub API, version 2. Sources: Hub API reference; docker/hub-tool for the deletion of a tag. */
export function serveHub(options: HubApiOptions, request: FakeRequest): FakeResponse {
  if (request.path === "/v2/auth/token") return login(options.sessions, request);
  const account = options.sessions.of(request);
  if (account === "none")
    return answerJson(401, { detail: "Authentication credentials were not provided." });
  if (account === "refused") return answerJson(401, { detail: "Invalid or expired JWT" });
  const parts = request.path.split("/").slice(2);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const [area, namespace = "", repositories, name = "", tags, tag] = parts;
  if (area === "namespaces" && repositories === "repositories" && method === "GET") {
    if (parts.length === 3) return listRepositories(options, namespace, request);
    if (parts.length === 4) return showRepository(options, `${namespace}/${name}`);
    if (parts.length === 5 && tags === "tags")
      return listTags(options, `${namespace}/${name}`, request);
    if (parts.length === 6 && tags === "tags")
      return showTag(options, `${namespace}/${name}`, tag ?? "");
  }
  // The old form has the repository in the third place, and ends in a slash.
  const old = /^repositories\/([^/]+\/[^/]+)\/tags\/([^/]+)\/$/.exec(parts.join("/"));
  if (old !== null && method === "DELETE") {
    return deleteTag(options, { account, name: old[1] ?? "", tag: old[2] ?? "" });
  }
  return answerJson(404, { message: "404 page not found" });
}

function login(sessions: Sessions, { method, headers, body }: FakeRequest): FakeResponse {
  if (method !== "POST") return answerJson(405, { message: "method not allowed" });
  if (!/^application\/json\b/.test(headers["content-type"] ?? "")) {
    return answerJson(400, { message: "the body is no JSON" });
  }
  const json: unknown = JSON.parse(new TextDecoder().decode(body));
  const isObject = typeof json === "object" && json !== null;
  const identifier = isObject && "identifier" in json ? json.identifier : undefined;
  const secret = isObject && "secret" in json ? json.secret : undefined;
  const token = sessions.login(identifier, secret);
  return token === undefined
    ? answerJson(401, { detail: "Incorrect authentication credentials" })
    : answerJson(200, { access_token: token });
}

function listRepositories(
  options: HubApiOptions,
  namespace: string,
  request: FakeRequest,
): FakeResponse {
  const names = [...options.state.repositories.keys()]
    .filter((name) => name.startsWith(`${namespace}/`))
    .map((name) => name.slice(namespace.length + 1));
  if (names.length === 0) return notFound();
  return page(options, request, {
    all: names,
    show: (name) => ({ name, namespace, repository_type: "image", is_private: true }),
  });
}

function showRepository({ state, immutableRules }: HubApiOptions, path: string): FakeResponse {
  const [namespace, name] = path.split("/");
  if (!state.repositories.has(path)) return notFound();
  return answerJson(200, {
    name,
    namespace,
    immutable_tags_settings: { enabled: immutableRules.length > 0, rules: immutableRules },
  });
}

function listTags(options: HubApiOptions, name: string, request: FakeRequest): FakeResponse {
  const repository = options.state.repositories.get(name);
  if (repository === undefined) return notFound();
  const tags = [...repository.tags].map(([tag, digest]) => ({
    tag,
    digest,
    at: options.pushedAt(name, tag),
  }));
  return page(options, request, {
    all: tags.toSorted((a, b) => b.at - a.at),
    show: (tag) => describeTag(options, name, tag),
  });
}

function showTag(options: HubApiOptions, name: string, tag: string): FakeResponse {
  const digest = options.state.repositories.get(name)?.tags.get(tag);
  return digest === undefined
    ? notFound()
    : answerJson(200, describeTag(options, name, { tag, digest }));
}

function describeTag(
  { state, pushedAt, withoutDigest }: HubApiOptions,
  name: string,
  { tag, digest }: { readonly tag: string; readonly digest: Digest },
): { readonly name: string; readonly tag_last_pushed: string; readonly [field: string]: unknown } {
  const time = new Date(pushedAt(name, tag)).toISOString();
  return {
    name: tag,
    digest: withoutDigest.has(tag) ? null : digest,
    media_type: state.repositories.get(name)?.manifests.get(digest)?.mediaType ?? null,
    content_type: "image",
    full_size: 1234,
    last_updated: time,
    last_updater_username: "somebody",
    tag_status: "active",
    tag_last_pulled: null,
    tag_last_pushed: time,
    images: [],
  };
}

function deleteTag(
  { state, immutableRules }: HubApiOptions,
  {
    account,
    name,
    tag,
  }: { readonly account: HubAccount; readonly name: string; readonly tag: string },
): FakeResponse {
  const repository = state.repositories.get(name);
  if (repository === undefined) return notFound();
  if ((account.permission ?? "delete") !== "delete") {
    return answerJson(403, { message: "access denied" });
  }
  if (
    immutableRules.some((rule) => new RegExp(`^(?:${rule})$`).test(tag)) &&
    repository.tags.has(tag)
  ) {
    return answerJson(403, { message: "access denied" });
  }
  return repository.tags.delete(tag) ? answer(204) : notFound();
}

/** Source: Hub API reference: `page_size` is 10, at most 100. */
function page<Entry>(
  { maxPage }: HubApiOptions,
  request: FakeRequest,
  { all, show }: { readonly all: readonly Entry[]; readonly show: (entry: Entry) => object },
): FakeResponse {
  const { query } = request;
  const unknown = [...query.keys()].filter((key) => key !== "page" && key !== "page_size");
  const number = Number(query.get("page") ?? 1);
  const asked = Number(query.get("page_size") ?? 10);
  const isValid = Number.isSafeInteger(number) && number > 0 && asked > 0 && asked <= 100;
  if (!isValid || unknown.length > 0) return answerJson(400, { message: "bad request" });
  const size = Math.min(asked, maxPage);
  const results = all.slice((number - 1) * size, number * size).map(show);
  if (results.length === 0 && number > 1) return notFound();
  const link = (to: number): string | null =>
    to < 1 || (to - 1) * size >= all.length
      ? null
      : `${originOf(request)}${request.path}?page=${to}&page_size=${asked}`;
  return answerJson(200, {
    count: all.length,
    next: link(number + 1),
    previous: link(number - 1),
    results,
  });
}

/** The same for what is not there and for what one may not see. */
function notFound(): FakeResponse {
  return answerJson(404, { message: "object not found", errinfo: {} });
}
