import type { Digest } from "../../oci/digest.ts";
import { contentOf } from "../../oci/manifest-content.ts";
import type { ManifestContent } from "../../oci/manifest-content.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import type { CommandDeps } from "../deps.ts";
import type { Home } from "./homes.ts";
import { mapParallel } from "../parallel.ts";

/** What manifests store, for a report that counts bytes. */
export interface ManifestContents {
  readonly known: ReadonlyMap<Digest, ManifestContent>;
  /** The same registry; every manifest that comes by is noted, so that it is not read again, nor after it is gone. */
  watch(registry: Registry): Registry;
  /**
   * Reads what is not known yet, and what indexes lead to. What is not there stays unknown. A report is not worth a failed
   * run: when the registry fails, it ends and answers why, in one line; `undefined` when it came to its end.
   */
  read(
    digests: Iterable<Digest>,
    homeOf: (digest: Digest) => Home,
    deps: CommandDeps,
  ): Promise<string | undefined>;
}

export function createManifestContents(): ManifestContents {
  const known = new Map<Digest, ManifestContent>();
  return {
    known,
    watch: (registry) => ({
      ...registry,
      async getManifest(reference, options) {
        const body = await registry.getManifest(reference, options);
        known.set(body.digest, contentOf(body));
        return body;
      },
    }),
    async read(digests, homeOf, deps) {
      const seen = new Set<Digest>();
      let wanted = [...new Set(digests)];
      deps.report({ type: "phase.started", phase: "reading manifests" });
      try {
        while (wanted.length > 0) {
          for (const digest of wanted) seen.add(digest);
          const unknown = wanted.filter((digest) => !known.has(digest));
          await mapParallel(unknown, deps.parallel, (digest) =>
            readOne(homeOf(digest), digest, deps),
          );
          const children = wanted.flatMap((digest) => known.get(digest)?.children ?? []);
          wanted = [...new Set(children)].filter((digest) => !seen.has(digest));
        }
        return undefined;
      } catch (error) {
        if (deps.signal.aborted) return "the run was interrupted";
        if (isRegistryError(error)) return error.message;
        throw error;
      }
    },
  };

  async function readOne(
    { registry, repository: { host, name } }: Home,
    digest: Digest,
    { signal, report }: CommandDeps,
  ): Promise<void> {
    try {
      const body = await registry.getManifest({ host, name, digest }, { signal });
      known.set(digest, contentOf(body));
      report({ type: "phase.advanced", phase: "reading manifests", done: known.size });
    } catch (error) {
      if (!isRegistryError(error, "not-found")) throw error;
    }
  }
}
