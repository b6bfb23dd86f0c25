import { isRegistryError } from "../registry/error.ts";
import type { RegistryError } from "../registry/error.ts";
import type { Step, Transfer } from "./upload-transfer.ts";

/** What to do about a failure: go on where the registry says it is, begin anew, begin anew in one request, or nothing. */
export type Remedy = "resume" | "restart" | "restart-whole" | "none";

export interface Situation {
  readonly transfer: Pick<Transfer, "step" | "offset">;
  /** Without a byte arriving in between, this one included. */
  readonly failures: number;
  /** In all, this one included. */
  readonly troubles: number;
  readonly restarts: number;
}

/** Failures in a row, without a byte arriving in between, after which a blob is given up. */
export const MAX_FAILURES = 5;

const FIRST_DELAY_MS = 500;

/** Milliseconds to wait after so many failures in a row. */
export function delayAfter(failures: number): number {
  return FIRST_DELAY_MS * 2 ** (failures - 1);
}

/** Restarts after which a registry that refuses chunks of this blob is sent the whole. */
const MAX_CHUNKED_RESTARTS = 2;

/** For what a registry answered, or did not answer. */
export function remedyFor(error: unknown, situation: Situation): Remedy {
  if (!isRegistryError(error)) return "none";
  const { transfer, troubles } = situation;
  const step = transfer.step();
  if (isPassing(error, step)) return step === "start" ? "restart" : "resume";
  switch (step) {
    case "start":
      return "none";
    case "ask":
      return "restart";
    case "append":
      return remedyForChunk(error, situation);
    case "finish":
      if (error.code === "not-found") return "restart";
      // All bytes were right when they left: what broke off before has left some of them twice.
      return error.code === "invalid" && troubles > 1 ? "restart" : "none";
  }
}

/** For a source that failed: a passing failure of the registry it reads from. What the bytes are does not change. */
export function remedyForContent(error: unknown): Remedy {
  return isRegistryError(error, "unavailable", "rate-limited") ? "resume" : "none";
}

function remedyForChunk(error: RegistryError, situation: Situation): Remedy {
  const { transfer, failures, restarts } = situation;
  if (error.code === "not-found") return "restart";
  if (error.code === "denied" || error.code === "conflict") return "none";
  if (error.status === OUT_OF_ORDER && failures === 1) return "resume";
  const isFirst = transfer.offset() === 0 && failures === 1;
  return isFirst || restarts >= MAX_CHUNKED_RESTARTS ? "restart-whole" : "restart";
}

/** The chunk does not begin where the last one ended. */
const OUT_OF_ORDER = 416;

/** A stream is sent once: the token it was refused with is replaced by the request that comes next. */
function isPassing(error: RegistryError, step: Step): boolean {
  if (error.code === "unavailable" || error.code === "rate-limited") return true;
  return error.status === 401 && (step === "append" || step === "finish");
}
