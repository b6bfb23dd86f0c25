import type { PlannedManifest } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { createUploader } from "../transfer/upload.ts";
import type { Uploader } from "../transfer/upload.ts";
import type { CopyRun } from "./copy-run.ts";

/** A repository of the target while things arrive in it. */
export interface CopyTarget {
  readonly registry: Registry;
  readonly repository: Repository;
  /** As the state file names it. */
  readonly address: string;
  readonly uploader: Uploader;
  /** Notes a blob that is there, whoever brought it. */
  readonly arrives: (digest: Digest) => void;
  /** Counts a manifest that was stored. */
  readonly stored: () => void;
  /** Counts a manifest that the registry copied by itself. */
  readonly copied: () => void;
  readonly counts: () => { readonly manifestsSent: number; readonly copiedByServer: number };
  /** Takes manifests, and what they store, for unknown. */
  forget(manifests: readonly Pick<PlannedManifest, "digest" | "blobs">[]): void;
  /** Whether it has taken something from this run. */
  hasPushed(): boolean;
}

/** How often a blob is tried in one run, by whichever manifests have it: every try has been retried already. */
const MAX_TRIES = 2;

export function createCopyTarget(
  registry: Registry,
  { repository, isFresh }: { readonly repository: Repository; readonly isFresh: boolean },
  run: CopyRun,
): CopyTarget {
  const { slots, state, deps } = run;
  const address = formatRepository(repository);
  const knowledge = run.knowledgeOf(repository, isFresh && !state.isResumed);
  const uploader = createUploader({
    registry,
    repository,
    neighbours: [],
    slots,
    knowledge,
    maxTries: MAX_TRIES,
    signal: deps.signal,
  });
  let manifestsSent = 0;
  let copiedByServer = 0;
  return {
    registry,
    repository,
    address,
    uploader,
    arrives: (digest) => knowledge.arrives(digest),
    stored: () => void (manifestsSent += 1),
    copied: () => void (copiedByServer += 1),
    counts: () => ({ manifestsSent, copiedByServer }),
    forget(manifests) {
      for (const { digest } of manifests) state.forget(address, "manifest", digest);
      uploader.doubt(manifests.flatMap(({ blobs }) => blobs.map((blob) => blob.digest)));
    },
    hasPushed() {
      const { uploaded, mounted } = uploader.counts();
      return uploaded + mounted + manifestsSent + copiedByServer > 0;
    },
  };
}
