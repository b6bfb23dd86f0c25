import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Listing } from "./tag-listing.ts";

/** Every name at or below a namespace that holds a manifest: the listing of each tells what lies right below. */
export async function* walkRepositories(
  namespace: Repository,
  read: (repository: Repository, options: CallOptions) => Promise<Listing>,
  options: CallOptions,
): AsyncGenerator<Repository> {
  const { host, name } = namespace;
  if (name === "") {
    throw new RegistryError(
      "unsupported",
      `${host}: cannot list repositories of ${host}: unsupported (it holds those of all projects)`,
      {
        hint: `Name a project: ${host}/PROJECT on gcr.io, ${host}/PROJECT/REPOSITORY on pkg.dev.`,
      },
    );
  }
  const { tags, manifests, children } = await read(namespace, options);
  if (tags.size > 0 || (manifests?.size ?? 0) > 0) yield { host, name };
  for (const child of children) {
    yield* walkRepositories({ host, name: `${name}/${child}` }, read, options);
  }
}
