import { answerJson } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { idOf, nameOf, projectOf, repositoriesOf } from "./world.ts";
import type { World } from "./world.ts";

/** Source: GitLab docs, "Container registry API", "Users API", "REST API pagination". */
export function answerRest(
  world: World,
  remove: (name: string, tag: string) => boolean,
  request: FakeRequest,
): FakeResponse {
  const who = whoIs(world, request);
  if (who === undefined) return message(401, "401 Unauthorized");
  const { method, path } = request;
  const below = path.slice("/api/v4".length);
  if (method === "GET" && below === "/user") {
    if (who === "job") return message(403, "403 Forbidden");
    return answerJson(200, { id: 1, username: world.people.owner });
  }
  const place =
    /^\/(projects|groups)\/(.+?)\/registry\/repositories(?:\/(\d+)\/tags\/([^/]+))?$/.exec(below);
  const [, kind, name = "", id, tag] = place ?? [];
  if (place === null || kind === undefined) return message(404, "404 Not Found");
  if (method === "DELETE" && kind === "projects" && id !== undefined && tag !== undefined) {
    return deleteTag(world, remove, { project: name, id: Number(id), tag, who });
  }
  if (method !== "GET" || id !== undefined) return message(405, "405 Method Not Allowed");
  if (kind === "groups" && who === "job") return message(404, "404 Group Not Found");
  const projects = [...world.projects].filter((project) =>
    kind === "projects" ? project === name : project.startsWith(`${name}/`),
  );
  if (projects.length === 0) {
    return message(404, kind === "projects" ? "404 Project Not Found" : "404 Group Not Found");
  }
  return page(
    world,
    request,
    projects.flatMap((project) => repositoriesOf(world, project)),
  );
}

type Who = "api" | "read" | "job";

function whoIs({ people }: World, { headers }: FakeRequest): Who | undefined {
  const token = headers["private-token"];
  if (token === people.accessToken) return "api";
  if (token === people.readToken) return "read";
  return headers["job-token"] === people.jobToken ? "job" : undefined;
}

function deleteTag(
  world: World,
  remove: (name: string, tag: string) => boolean,
  { project, id, tag, who }: { project: string; id: number; tag: string; who: Who },
): FakeResponse {
  const name = nameOf(world, id);
  if (name === undefined || projectOf(world, name)?.project !== project) {
    return message(404, "404 Repository Not Found");
  }
  if (who === "read") return message(403, "403 Forbidden");
  if (world.state.repositories.get(name)?.tags.has(tag) !== true)
    return message(404, "404 Tag Not Found");
  if (world.protects(tag) || world.freezes(tag)) {
    return message(403, "403 Forbidden - cannot delete protected tag(s)");
  }
  return remove(name, tag) ? answerJson(200, "200") : message(400, "400 Bad request");
}

const DEFAULT_PAGE = 20;

function page(world: World, { path, query }: FakeRequest, names: readonly string[]): FakeResponse {
  const size = Math.min(Number(query.get("per_page") ?? DEFAULT_PAGE), world.pageSize);
  const number = Number(query.get("page") ?? "1");
  const shown = names.slice((number - 1) * size, number * size);
  const list = shown.map((name) => {
    const project = projectOf(world, name)?.project ?? "";
    return { id: idOf(world, name), name: name.slice(project.length + 1), path: name };
  });
  if (number * size >= names.length) return answerJson(200, list);
  const next = new URLSearchParams({ page: String(number + 1), per_page: String(size) });
  return answerJson(200, list, {
    link: `<https://gitlab.test${path}?${next.toString()}>; rel="next"`,
  });
}

function message(status: number, text: string): FakeResponse {
  return answerJson(status, { message: text });
}
