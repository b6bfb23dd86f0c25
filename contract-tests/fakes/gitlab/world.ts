import type { RegistryState } from "../state.ts";

/** What a simulated GitLab holds besides its registry. */
export interface World {
  readonly state: RegistryState;
  /** Paths of projects; nothing can be pushed outside of them. */
  readonly projects: ReadonlySet<string>;
  readonly people: People;
  /** Tags that these credentials may not delete. */
  readonly protects: (tag: string) => boolean;
  /** Tags that nobody may move or delete once they are there. */
  readonly freezes: (tag: string) => boolean;
  /** Whether any rule is there at all: a manifest is not deleted by its digest then. */
  readonly hasRules: boolean;
  /** Most entries of a page of GraphQL or REST, below the server's own maximum of 100. */
  readonly pageSize: number;
  /** Fields and arguments of GraphQL that this version lacks. */
  readonly lacks: ReadonlySet<string>;
  readonly now: () => number;
  /** When a tag was last pushed, by `repository:tag`. */
  readonly pushedAt: Map<string, number>;
}

/** Tokens of one person and of machines. Only access tokens reach all of the API. */
export interface People {
  readonly owner: string;
  /** With the scope `api`. */
  readonly accessToken: string;
  /** With the scope `read_api` and `read_registry`. */
  readonly readToken: string;
  readonly jobToken: string;
  readonly deployUser: string;
  readonly deployToken: string;
}

/** The project that a repository's name belongs to, and the levels below it. */
export function projectOf(
  { projects }: Pick<World, "projects">,
  name: string,
): { readonly project: string; readonly levels: number } | undefined {
  const parts = name.split("/");
  for (let count = parts.length; count > 0; count -= 1) {
    const project = parts.slice(0, count).join("/");
    if (projects.has(project)) return { project, levels: parts.length - count };
  }
  return undefined;
}

/** Ids are numbers in the order of creation; repositories never lose theirs. */
export function idOf({ state }: Pick<World, "state">, name: string): number {
  return [...state.repositories.keys()].indexOf(name) + 1;
}

export function nameOf({ state }: Pick<World, "state">, id: number): string | undefined {
  return [...state.repositories.keys()][id - 1];
}

/** Names of the repositories of a project, in the order of their ids. */
export function repositoriesOf(world: World, project: string): readonly string[] {
  return [...world.state.repositories.keys()].filter(
    (name) => projectOf(world, name)?.project === project,
  );
}
