import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Graphql, Question } from "./api.ts";
import { ProjectsAnswer } from "./schema.ts";

/**
 * The global id of a repository (`gid://gitlab/ContainerRepository/…`); `undefined` when no project that we may see has it.
 *
 * Which part of a name is the project's path cannot be told: it is the name, or the name without its last one or two parts.
 * All three are asked for at once; a path belongs to one project or group, so one of them answers.
 */
export async function findRepositoryId(
  graphql: Graphql,
  repository: Repository,
  { signal }: CallOptions,
): Promise<string | undefined> {
  for (let after: string | undefined; ;) {
    const question = questionFor(repository, after, signal);
    const read = ProjectsAnswer.safeParse(await graphql.ask(question));
    if (!read.success) throw graphql.protocolError(question, "the answer has no projects");
    const lists = Object.values(read.data).flatMap(
      (project) => project?.containerRepositories ?? [],
    );
    const found = lists.flatMap(({ nodes }) => nodes).find(({ path }) => path === repository.name);
    if (found !== undefined) return found.id;
    const more = lists.find(({ pageInfo }) => pageInfo.hasNextPage)?.pageInfo.endCursor;
    if (more === undefined || more === null) return undefined;
    if (more === after) throw graphql.protocolError(question, "a page of repositories repeats");
    after = more;
  }
}

/** Levels that a repository's name may have below the path of its project. Source: GitLab docs, "Container registry". */
const MAX_LEVELS = 2;

/** Paths of the projects that may hold a repository. */
export function projectPaths(name: string): readonly string[] {
  const parts = name.split("/");
  return Array.from({ length: MAX_LEVELS + 1 }, (_, levels) =>
    parts.slice(0, parts.length - levels),
  )
    .filter((path) => path.length >= MIN_PROJECT_PARTS)
    .map((path) => path.join("/"));
}

/** A namespace and a project. */
const MIN_PROJECT_PARTS = 2;

function questionFor(
  repository: Repository,
  after: string | undefined,
  signal: AbortSignal | undefined,
): Question {
  const paths = projectPaths(repository.name);
  const declared = paths.map((_, at) => `$path${at}: ID!`).join(", ");
  const fields = paths.map(
    (_, at) =>
      `p${at}: project(fullPath: $path${at}) { containerRepositories(first: 100, after: $after) { nodes { id path } pageInfo { hasNextPage endCursor } } }`,
  );
  return {
    query: `query findRepository(${declared}, $after: String) { ${fields.join(" ")} }`,
    variables: {
      ...Object.fromEntries(paths.map((path, at) => [`path${at}`, path])),
      after: after ?? null,
    },
    verb: "find",
    reference: formatRepository(repository),
    signal,
  };
}
