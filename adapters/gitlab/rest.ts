import type { NativeCall } from "../../src/distribution/native-api.ts";
import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Repository, TagReference } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { GitlabApi } from "./api.ts";
import { PAGE, isPage } from "./page.ts";
import { projectPaths } from "./repository-id.ts";
import { RepositoryPage, UserAnswer } from "./schema.ts";

/** One repository of the API. */
export interface Rest {
  /** Removes a tag. Rejects with `RegistryError`. */
  deleteTag(reference: TagReference, options: CallOptions): Promise<void>;
}

/** The repository as the API knows it; `undefined` when no project that we may see has it. */
export async function findRest(
  { rest }: GitlabApi,
  repository: Repository,
  options: CallOptions,
): Promise<Rest | undefined> {
  for (const project of projectPaths(repository.name)) {
    const pages = listPlace(
      { rest },
      `projects/${encodeURIComponent(project)}`,
      repository,
      options,
    );
    const found = (await Array.fromAsync(orNothing(pages))).find(
      ({ path }) => path === repository.name,
    );
    if (found === undefined) continue;
    const place = `/projects/${encodeURIComponent(project)}/registry/repositories/${found.id}`;
    return {
      async deleteTag(reference, { signal }) {
        const call: NativeCall = {
          method: "DELETE",
          target: `${place}/tags/${encodeURIComponent(reference.tag)}`,
          verb: "delete",
          reference: formatReference(reference),
          accept: [200, 202, 204],
          signal,
        };
        if (isPage(await rest.call(call))) throw rest.protocolError(call, PAGE);
      },
    };
  }
  return undefined;
}

/** Every repository at or below a group, a project, or a part of a project. */
export async function* listRepositoriesByApi(
  { rest }: GitlabApi,
  namespace: Repository,
  options: CallOptions,
): AsyncGenerator<Repository> {
  const { host, name } = namespace;
  const places = [
    `groups/${encodeURIComponent(name)}`,
    ...projectPaths(name).map((path) => `projects/${encodeURIComponent(path)}`),
  ];
  let absence: unknown;
  for (const place of places) {
    try {
      for await (const { path } of listPlace({ rest }, place, namespace, options)) {
        if (isBelow(path, name)) yield { host, name: path };
      }
      return;
    } catch (error) {
      if (!isRegistryError(error, "not-found")) throw error;
      absence = error;
    }
  }
  throw absence;
}

/** Whose the token is. Job tokens are nobody's. */
export async function readIdentity(
  { rest }: GitlabApi,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const call = {
    method: "GET",
    target: "/user",
    verb: "read",
    reference: "the token's owner",
    signal,
  } as const;
  const answer = await rest.call({ ...call, accept: [200, 401, 403, 404] });
  return answer.status === 200 ? UserAnswer.safeParse(answer.json).data?.username : undefined;
}

/** Source: GitLab docs, "Container registry API" and "REST API pagination". */
async function* listPlace(
  { rest }: Pick<GitlabApi, "rest">,
  place: string,
  repository: Repository,
  { signal }: CallOptions,
): AsyncGenerator<{ readonly id: number; readonly path: string }> {
  const seen = new Set<number>();
  const queries = new Set<string>();
  let query: string | undefined = "?per_page=100";
  while (query !== undefined) {
    queries.add(query);
    const call: NativeCall = {
      method: "GET",
      target: `/${place}/registry/repositories${query}`,
      verb: "list repositories of",
      reference: formatRepository(repository),
      signal,
    };
    const answer = await rest.call(call);
    const page = RepositoryPage.safeParse(answer.json);
    if (!page.success) throw rest.protocolError(call, "the list has no repositories");
    for (const one of page.data) {
      if (seen.has(one.id)) continue;
      seen.add(one.id);
      yield one;
    }
    query = nextPageQuery(answer.headers["link"], answer.url);
    if (query !== undefined && (query === "" || queries.has(query))) {
      throw rest.protocolError(call, "the pages of repositories go round in a circle");
    }
  }
}

async function* orNothing<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!isRegistryError(error, "not-found", "denied", "unauthorized")) throw error;
  }
}
