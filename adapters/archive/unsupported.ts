import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";

/** Rejects when it is read: what is in an archive stays in it. */
// oxlint-disable-next-line require-yield
export async function* cannotDelete(
  repository: Repository,
  { signal }: CallOptions = {},
): AsyncGenerator<never> {
  signal?.throwIfAborted();
  throw unsupported(
    `delete from ${formatRepository(repository)}`,
    "what is in an archive stays; copy what is to be kept into another one",
  );
}

/** Rejects when it is read: a file among others does not tell that it is an archive. */
// oxlint-disable-next-line require-yield
export async function* cannotList(namespace: string): AsyncGenerator<never> {
  throw unsupported(`list archives below ${namespace}`, "each has to be named");
}

export async function cannotCollect(repository: Repository): Promise<never> {
  throw unsupported(
    `collect garbage of ${formatRepository(repository)}`,
    "what is in an archive stays",
  );
}

function unsupported(what: string, why: string): RegistryError {
  return new RegistryError("unsupported", `archive: cannot ${what}: unsupported (${why})`);
}
