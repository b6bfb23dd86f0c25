import { answerJson } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { BadQuery, readQuery } from "./query.ts";
import type { Field, Operation } from "./query.ts";
import { idOf, nameOf, repositoriesOf } from "./world.ts";
import type { World } from "./world.ts";

/** Most names of `destroyContainerRepositoryTags`. Source: `DestroyTags::LIMIT`. */
const MOST_TAGS = 20;

const UNAVAILABLE =
  "The resource that you are attempting to access does not exist or you don't have permission to perform this action";

/** `POST /api/graphql`. Source: GitLab docs, "GraphQL API". */
export function answerGraphql(
  world: World,
  remove: (name: string, tag: string) => boolean,
  { headers, body }: FakeRequest,
): FakeResponse {
  const token =
    /^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1] ?? headers["private-token"];
  const { accessToken, readToken } = world.people;
  if (token !== accessToken && token !== readToken) {
    return answerJson(401, { errors: [{ message: "Invalid token" }] });
  }
  try {
    const { query, variables } = readBody(body);
    const operation = readQuery(query, variables);
    checkFields(world, operation);
    if (operation.kind === "mutation" && token !== accessToken) return refused(UNAVAILABLE);
    const data = Object.fromEntries(
      operation.fields.map((field) => [field.alias, resolve(world, remove, field)]),
    );
    return answerJson(200, { data });
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return refused(error.message);
  }
}

function refused(message: string): FakeResponse {
  return answerJson(200, { errors: [{ message }] });
}

function readBody(body: Uint8Array): { query: string; variables: Record<string, unknown> } {
  const json: unknown = JSON.parse(new TextDecoder().decode(body));
  if (typeof json !== "object" || json === null || !("query" in json))
    throw new BadQuery("No query");
  const { query } = json;
  const variables = "variables" in json ? json.variables : {};
  if (typeof query !== "string" || typeof variables !== "object") throw new BadQuery("No query");
  return { query, variables: { ...variables } };
}

/** Types by where their fields stand. Source: GitLab GraphQL reference. */
const TYPES: Readonly<
  Record<string, { readonly type: string; readonly fields: readonly string[] }>
> = {
  query: { type: "Query", fields: ["project", "containerRepository"] },
  mutation: { type: "Mutation", fields: ["destroyContainerRepositoryTags"] },
  project: { type: "Project", fields: ["id", "fullPath", "containerRepositories"] },
  containerRepositories: { type: "ContainerRepositoryConnection", fields: ["nodes", "pageInfo"] },
  "containerRepositories.nodes": {
    type: "ContainerRepository",
    fields: ["id", "name", "path", "status", "tagsCount"],
  },
  containerRepository: {
    type: "ContainerRepositoryDetails",
    fields: ["id", "name", "path", "status", "tagsCount", "tags"],
  },
  tags: { type: "ContainerRepositoryTagConnection", fields: ["nodes", "pageInfo"] },
  "tags.nodes": {
    type: "ContainerRepositoryTag",
    fields: [
      "name",
      "path",
      "location",
      "digest",
      "revision",
      "totalSize",
      "createdAt",
      "publishedAt",
      "mediaType",
    ],
  },
  pageInfo: {
    type: "PageInfo",
    fields: ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"],
  },
  destroyContainerRepositoryTags: {
    type: "DestroyContainerRepositoryTagsPayload",
    fields: ["deletedTagNames", "errors", "clientMutationId"],
  },
};

function checkFields({ lacks }: World, { kind, fields }: Operation): void {
  check(kind, fields);

  function check(place: string, below: readonly Field[]): void {
    const known = TYPES[place];
    if (known === undefined) throw new BadQuery(`Selections can't be made on ${place}`);
    for (const { name, fields: inner } of below) {
      if (!known.fields.includes(name) || lacks.has(name)) {
        throw new BadQuery(`Field '${name}' doesn't exist on type '${known.type}'`);
      }
      const nested = name === "nodes" ? `${place}.nodes` : name;
      if (TYPES[nested] === undefined) continue;
      if (inner.length === 0) throw new BadQuery(`Field must have selections (field '${name}')`);
      check(nested, inner);
    }
  }
}

function resolve(
  world: World,
  remove: (name: string, tag: string) => boolean,
  field: Field,
): unknown {
  if (field.name === "project") return projectAnswer(world, field);
  if (field.name === "containerRepository") return repositoryAnswer(world, field);
  return destroyAnswer(world, remove, field);
}

function projectAnswer(world: World, { args, fields }: Field): unknown {
  const path = String(args["fullPath"]);
  if (!world.projects.has(path)) return null;
  return select(fields, {
    id: `gid://gitlab/Project/1`,
    fullPath: path,
    containerRepositories: (field: Field) => {
      const all = repositoriesOf(world, path).map((name) => ({
        id: globalId(world, name),
        name: name.slice(path.length + 1),
        path: name,
        status: null,
        tagsCount: world.state.repositories.get(name)?.tags.size ?? 0,
      }));
      return pageAnswer(world, field, all);
    },
  });
}

function repositoryAnswer(world: World, { args, fields }: Field): unknown {
  const name = nameOf(world, numberOf(args["id"]));
  const repository = name === undefined ? undefined : world.state.repositories.get(name);
  if (name === undefined || repository === undefined) return null;
  return select(fields, {
    id: globalId(world, name),
    name,
    path: name,
    status: null,
    tagsCount: repository.tags.size,
    tags: (field: Field) => {
      const sort = field.args["sort"] ?? "NAME_ASC";
      if (sort !== "NAME_ASC") throw new BadQuery("Argument 'sort' has an invalid value");
      const tags = [...repository.tags].toSorted(([a], [b]) => (a < b ? -1 : 1));
      return pageAnswer(
        world,
        field,
        tags.map(([tag, digest]) => ({
          name: tag,
          path: `${name}:${tag}`,
          digest,
          mediaType: repository.manifests.get(digest)?.mediaType ?? null,
          publishedAt: new Date(world.pushedAt.get(`${name}:${tag}`) ?? 0).toISOString(),
        })),
      );
    },
  });
}

function destroyAnswer(
  world: World,
  remove: (name: string, tag: string) => boolean,
  { args, fields }: Field,
): unknown {
  const input = args["input"];
  const id = typeof input === "object" && input !== null && "id" in input ? input.id : undefined;
  const asked =
    typeof input === "object" && input !== null && "tagNames" in input ? input.tagNames : undefined;
  if (!Array.isArray(asked)) throw new BadQuery("Argument 'tagNames' is required");
  if (asked.length > MOST_TAGS) throw new BadQuery(`Number of tags is greater than ${MOST_TAGS}`);
  const name = nameOf(world, numberOf(id));
  if (name === undefined) throw new BadQuery(UNAVAILABLE);
  const open = asked.map(String).filter((tag) => !world.protects(tag) && !world.freezes(tag));
  if (open.length === 0) {
    return select(fields, { deletedTagNames: [], errors: ["cannot delete protected tag(s)"] });
  }
  const deletedTagNames = open.filter((tag) => remove(name, tag));
  const errors = deletedTagNames.length > 0 ? [] : [`could not delete tags: ${open.join(", ")}`];
  return select(fields, { deletedTagNames, errors });
}

type Source = Readonly<Record<string, unknown>>;

function select(fields: readonly Field[], source: Source): unknown {
  return Object.fromEntries(
    fields.map((field) => {
      const value = source[field.name];
      return [field.alias, typeof value === "function" ? value(field) : (value ?? null)];
    }),
  );
}

function pageAnswer({ pageSize }: World, { args, fields }: Field, all: readonly Source[]): unknown {
  const after = args["after"];
  const start = typeof after === "string" ? Number(Buffer.from(after, "base64").toString()) : 0;
  const asked = typeof args["first"] === "number" ? args["first"] : pageSize;
  const size = Math.min(asked, pageSize);
  const page = all.slice(start, start + size);
  const end = start + page.length;
  const pageInfo = {
    hasNextPage: end < all.length,
    hasPreviousPage: start > 0,
    endCursor: page.length === 0 ? null : Buffer.from(String(end)).toString("base64"),
  };
  return select(fields, {
    nodes: ({ fields: below }: Field) => page.map((one) => select(below, one)),
    pageInfo: ({ fields: below }: Field) => select(below, pageInfo),
  });
}

function globalId(world: World, name: string): string {
  return `gid://gitlab/ContainerRepository/${idOf(world, name)}`;
}

function numberOf(id: unknown): number {
  return Number(/^gid:\/\/gitlab\/ContainerRepository\/(\d+)$/.exec(String(id))?.[1] ?? "0");
}
