import type { MigrationPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";

/** Tells how far the copying is. A blob counts once for each repository that it goes to. */
export interface CopyProgress {
  /** So many bytes of a blob have been read. */
  blobMoved(to: string, digest: Digest, bytes: number): void;
  /** A blob is where it belongs, however it came there. */
  blobDone(to: string, digest: Digest): void;
  manifestDone(): void;
}

/** How many bytes are worth being told. */
const STEP_BYTES = 1024 * 1024;

export function startProgress(
  { repositories }: MigrationPlan,
  { report }: Pick<CommandDeps, "report">,
): CopyProgress {
  const sizes = new Map<string, number>();
  let manifests = 0;
  for (const planned of repositories) {
    const to = formatRepository(planned.to);
    manifests += planned.manifests.length;
    for (const { blobs } of planned.manifests) {
      for (const { digest, size } of blobs) sizes.set(`${to} ${digest}`, size);
    }
  }
  const totalBytes = sizes.values().reduce((sum, size) => sum + size, 0);
  /** Blobs on their way, by what of them has been read. */
  const moving = new Map<string, number>();
  let settledBytes = 0;
  let movingBytes = 0;
  let toldBytes = 0;
  let blobsDone = 0;
  let manifestsDone = 0;
  report({ type: "phase.started", phase: "copying manifests", total: manifests });
  report({ type: "phase.started", phase: "copying blobs", total: sizes.size, totalBytes });

  return {
    blobMoved(to, digest, bytes) {
      const blob = `${to} ${digest}`;
      movingBytes += bytes - (moving.get(blob) ?? 0);
      moving.set(blob, bytes);
      if (Math.abs(settledBytes + movingBytes - toldBytes) >= STEP_BYTES) tellBlobs();
    },
    blobDone(to, digest) {
      const blob = `${to} ${digest}`;
      movingBytes -= moving.get(blob) ?? 0;
      moving.delete(blob);
      settledBytes += sizes.get(blob) ?? 0;
      // What the target lost and gets again was counted before.
      if (sizes.delete(blob)) blobsDone += 1;
      tellBlobs();
    },
    manifestDone() {
      manifestsDone += 1;
      report({ type: "phase.advanced", phase: "copying manifests", done: manifestsDone });
    },
  };

  function tellBlobs(): void {
    toldBytes = settledBytes + movingBytes;
    report({
      type: "phase.advanced",
      phase: "copying blobs",
      done: blobsDone,
      bytes: toldBytes,
    });
  }
}
