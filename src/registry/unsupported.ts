import type { DigestReference, Repository } from "../oci/reference.ts";
import { RegistryError } from "./error.ts";
import type { ManifestEntry, UndeleteOutcome } from "./registry.ts";

/** Rejects when it is read: nothing that was deleted comes back. For adapters whose record says so. */
// oxlint-disable-next-line require-yield
export async function* cannotUndelete({ host, name }: Repository): AsyncGenerator<UndeleteOutcome> {
  throw new RegistryError(
    "unsupported",
    `${host}: cannot undelete in ${host}/${name}: unsupported (what is deleted here is gone)`,
  );
}

/** Rejects: what is copied passes through whoever copies. For adapters whose record says so. */
export async function cannotCopy(target: Repository, from: DigestReference): Promise<never> {
  const { host, name } = target;
  throw new RegistryError(
    "unsupported",
    `${host}: cannot copy ${from.name}@${from.digest} to ${host}/${name}: unsupported (the registry does not copy by itself)`,
  );
}

/** Rejects when it is read: only tags can be listed. For adapters whose record says so. */
// oxlint-disable-next-line require-yield
export async function* cannotListManifests({
  host,
  name,
}: Repository): AsyncGenerator<ManifestEntry> {
  throw new RegistryError(
    "unsupported",
    `${host}: cannot list manifests of ${host}/${name}: unsupported (the registry tells its tags only)`,
  );
}
