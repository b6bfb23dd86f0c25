import { isSignatureType, signedByTags } from "../../engine/audit/findings/releases.ts";
import type { Release } from "../../engine/audit/findings/releases.ts";
import type { Ground } from "../../engine/audit/ground.ts";
import type { Digest } from "../../oci/digest.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";

/** Which releases are signed, or why nobody can tell. */
export type Signatures =
  | { readonly signed: ReadonlySet<Digest> }
  /** `why`: one line. */
  | { readonly why: string };

/** Asks who is about the releases that no tag signs: one list of referrers each. */
export async function findSignatures(
  releases: readonly Release[],
  ground: Pick<Ground, "input">,
  { registry, repository: { host, name } }: Home,
  { parallel, report, signal }: CommandDeps,
): Promise<Signatures> {
  const signed = new Set(signedByTags(ground));
  const open = new Set(
    releases.map(({ digest }) => digest).filter((digest) => !signed.has(digest)),
  );
  if (open.size === 0) return { signed };
  const phase = "asking for referrers";
  report({ type: "phase.started", phase, total: open.size });
  let done = 0;
  try {
    await mapParallel([...open], parallel, async (digest) => {
      const found = await Array.fromAsync(
        registry.listReferrers({ host, name, digest }, { signal }),
      );
      // Artifacts of before OCI 1.1 tell by the type of their config, which stands in the media type of none.
      const types = found.flatMap(({ artifactType, mediaType }) => [artifactType, mediaType]);
      if (types.some((type) => type !== undefined && isSignatureType(type))) signed.add(digest);
      done += 1;
      report({ type: "phase.advanced", phase, done });
    });
    return { signed };
  } catch (error) {
    if (signal.aborted || !isRegistryError(error)) throw error;
    return { why: error.message };
  }
}
