import type { HttpEvent } from "../http/client.ts";

/** Everything a run can say while it goes on. The result of a command is its return value, never an event. */
export type Event =
  | HttpEvent
  /** When a phase of the run begins. `total`: how many steps it has, and `totalBytes` of what size, when that is known. */
  | {
      readonly type: "phase.started";
      readonly phase: Phase;
      readonly total?: number;
      readonly totalBytes?: number;
    }
  /**
   * When steps of the phase are done; `done` counts all of them so far, `bytes` what was moved, or had not to be. `total`: how
   * many steps the phase turns out to have; absent: as many as before.
   */
  | {
      readonly type: "phase.advanced";
      readonly phase: Phase;
      readonly done: number;
      readonly total?: number;
      readonly bytes?: number;
    }
  /** When something deserves a person's attention though the run goes on. */
  | { readonly type: "warning.raised"; readonly message: string };

export type Phase =
  | "listing repositories"
  | "listing tags"
  | "listing manifests"
  | "resolving tags"
  | "reading Git history"
  | "reading manifests"
  | "asking clusters"
  | "asking for referrers"
  | "looking for what signatures are about"
  | "looking for blobs"
  | "deleting"
  | "restoring"
  | "publishing stages"
  | "copying blobs"
  | "copying manifests"
  | "verifying";
