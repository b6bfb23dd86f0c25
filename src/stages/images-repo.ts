import { AddressError, formatRepository } from "../oci/reference.ts";
import type { Namespace, TagReference } from "../oci/reference.ts";
import { tagSlug } from "./slug.ts";

/** How the images of a project are laid out below one address. Source: werf 1.1, "images repo mode". */
export type ImagesRepoMode = "multirepo" | "monorepo";

/** What an implementation lets repository names look like. */
export interface RepositoryNames {
  /** Whether a name may have any number of components. */
  readonly nested: boolean;
  /** Components of every name where it may not: 2 for `namespace/name`. */
  readonly components: number;
}

/** Names that `--images-repo-mode` takes. */
export const IMAGES_REPO_MODES = ["auto", "multirepo", "monorepo"] as const;

/** Where images are published: the address, what it is, and how image names are put to it. */
export interface ImagesRepo {
  readonly address: Namespace;
  /** `registry`: repositories lie below it, and it is none itself. */
  readonly kind: "registry" | "repository";
  readonly mode: ImagesRepoMode;
}

/**
 * Chooses how images lie below an address.
 *
 * `auto` is `multirepo`, but `monorepo` for a repository where names cannot be nested. Throws `AddressError` for a
 * combination that no repository could come of.
 *
 * @param asked `--images-repo-mode`.
 */
export function chooseImagesRepo(
  address: Namespace,
  asked: ImagesRepoMode | "auto",
  { nested, components }: RepositoryNames,
): ImagesRepo {
  const given = address.name === "" ? 0 : address.name.split("/").length;
  const kind = nested
    ? given === 0
      ? "registry"
      : "repository"
    : given < components
      ? "registry"
      : "repository";
  const shown = formatRepository(address);
  if (!nested && (given > components || given < components - 1)) {
    throw new AddressError(
      `address "${shown}" has ${given} components; repositories of this registry have ${components}, so images go below ${components - 1} (a repository each) or into ${components} (one for all)`,
    );
  }
  const mode =
    asked === "auto" ? (kind === "repository" && !nested ? "monorepo" : "multirepo") : asked;
  if (kind === "registry" && mode === "monorepo") {
    throw new AddressError(
      `address "${shown}" is a registry, and monorepo puts all images into one repository: name the repository, or use multirepo`,
    );
  }
  if (kind === "repository" && mode === "multirepo" && !nested) {
    throw new AddressError(
      `address "${shown}" is a repository, and this registry has none below a repository: use monorepo, or name what it lies in`,
    );
  }
  return { address, kind, mode };
}

/**
 * Where one tag of an image goes: `ADDRESS/IMAGE:TAG` in multirepo, `ADDRESS:IMAGE-TAG` in monorepo, `ADDRESS:TAG` for the
 * nameless image. Throws `AddressError` for a nameless image without a repository.
 *
 * @param image Its name in `werf.yaml`; empty for the nameless one.
 */
export function imageReference(
  { address, kind, mode }: ImagesRepo,
  image: string,
  tag: string,
  { nested }: Pick<RepositoryNames, "nested">,
): TagReference {
  const { host, name } = address;
  if (image === "") {
    if (kind === "repository") return { host, name, tag };
    throw new AddressError(
      `the nameless image has no place in the registry "${formatRepository(address)}": give it a name, or name a repository`,
    );
  }
  if (mode === "monorepo") return { host, name, tag: tagSlug(`${image}-${tag}`) };
  if (!nested && image.includes("/")) {
    throw new AddressError(
      `image "${image}" has a slash, and repositories of this registry cannot be nested: rename it, or use monorepo`,
    );
  }
  return { host, name: name === "" ? image : `${name}/${image}`, tag };
}
