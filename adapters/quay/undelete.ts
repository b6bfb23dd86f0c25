import { attempt, undeleteOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { DeletedManifest, Registry, UndeleteOutcome } from "../../src/registry/registry.ts";
import type { QuayClient } from "./client.ts";

/** Restores each tag of each manifest through the time machine. A tag that points elsewhere by now stays there. */
export function undelete(
  client: QuayClient,
  base: Pick<Registry, "resolve">,
  repository: Repository,
  deleted: readonly DeletedManifest[],
  signal: AbortSignal | undefined,
): AsyncGenerator<UndeleteOutcome> {
  const { host, name } = repository;
  const options = signal === undefined ? {} : { signal };
  return settleAll(deleted, async (manifest) =>
    undeleteOutcome(manifest.digest, await attempt(options, () => restore(manifest))),
  );

  async function restore({ digest, tags }: DeletedManifest): Promise<void> {
    if (tags.length === 0) {
      throw failure("unsupported", { host, name, digest }, "it had no tag to restore it by");
    }
    for (const tag of tags) {
      const there = await base.resolve({ host, name, tag }, options);
      if (there?.digest === digest) continue;
      if (there !== undefined) {
        throw failure("conflict", { host, name, tag }, `it points at ${there.digest} by now`);
      }
      await client.restore(repository, tag, digest, signal);
      const restored = await base.resolve({ host, name, tag }, options);
      if (restored?.digest !== digest) {
        throw failure("protocol", { host, name, tag }, "it was restored, and is not there");
      }
    }
  }
}

function failure(code: RegistryErrorCode, reference: Reference, why: string): RegistryError {
  return new RegistryError(
    code,
    `${reference.host}: cannot restore ${formatReference(reference)}: ${code} (${why})`,
  );
}
