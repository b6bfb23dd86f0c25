/** What a request needs leave for. */
export interface Access {
  /** Name of the repository, below the host; empty for the list of repositories. */
  readonly name: string;
  readonly right: Right;
  /** Name of a second repository that has to be readable too: the one a blob is mounted from. */
  readonly from?: string;
}

export type Right = "pull" | "push" | "delete";

/**
 * The actions to ask for, narrowest first: a wider set is asked for only when the one before was not enough.
 * Registries disagree on what a deletion needs.
 */
export const ACTIONS: Readonly<Record<Right, readonly string[]>> = {
  pull: ["pull"],
  push: ["pull,push"],
  delete: ["pull,delete", "pull,push,delete", "*"],
};

/** The scope of a repository, or of the list of repositories when the name is empty. */
export function repositoryScope(name: string, actions: string): string {
  if (name === "") return "registry:catalog:*";
  return `repository:${name}:${actions}`;
}

/**
 * One scope per resource, its actions united, in the order of first appearance: some servers read only the
 * first scope.
 */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  const plain = new Set<string>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(":");
    if (colon === -1) {
      plain.add(scope);
      continue;
    }
    const resource = scope.slice(0, colon);
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(resource, known);
  }
  const merged = [...actions].map(([resource, set]) => `${resource}:${[...set].join(",")}`);
  return [...merged, ...plain];
}
