import type { Repository } from "../oci/reference.ts";
import type { Capabilities } from "./capabilities.ts";

/** What the name of a repository has to be, as plain data. */
export interface NameRule {
  /** Most characters of the name, without the host. */
  readonly maxLength: number;
  /** The source of a regular expression for the whole name. */
  readonly pattern: string;
  /** The same for people: what stands behind "a repository's name is". */
  readonly about: string;
}

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";

/** What every registry may be given. Source: OCI distribution-spec 1.1, "Pulling manifests". */
export const anyName: NameRule = namesOf(1);

/**
 * Names of the specification that begin with something that belongs to somebody: an owner, a project.
 *
 * @param components Least number of them, the repository's own included.
 */
export function namesOf(components: number): NameRule {
  return {
    maxLength: 255,
    pattern: `^${COMPONENT}(?:/${COMPONENT}){${components - 1},}$`,
    about:
      components === 1
        ? "any that the specification allows"
        : `any that the specification allows with ${components} components or more`,
  };
}

/** Why a registry cannot have a repository of this name, for the end of a sentence; `undefined` where it can. */
export function nameProblem(
  { name }: Repository,
  { names, repositoryComponents }: Pick<Capabilities, "names" | "repositoryComponents">,
): string | undefined {
  if (name.length > names.maxLength) {
    return `"${name}" has ${name.length} characters, and a repository's name has ${names.maxLength} at most`;
  }
  const components = name.split("/").length;
  if (repositoryComponents > 0 && components !== repositoryComponents) {
    const has = components === 1 ? "1 component" : `${components} components`;
    return `"${name}" has ${has}, and a repository's name has ${repositoryComponents}`;
  }
  if (new RegExp(names.pattern).test(name)) return undefined;
  return `"${name}" is no name here: a repository's name is ${names.about}`;
}
