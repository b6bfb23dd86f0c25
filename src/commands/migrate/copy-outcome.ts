import { HttpError } from "../../http/client.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { RegistryError } from "../../registry/error.ts";
import type { TagOutcome } from "./result.ts";

/** Something that is needed first could not be had: whatever needs it waits. */
export class NeedError extends Error {
  override readonly name = "NeedError";

  constructor(cause: unknown) {
    super("what it needs is not there", { cause });
  }
}

/** Nothing more is begun: the run is over, or what it is about has failed as a whole. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** Whose failure it is, and what is known of it. */
export interface Blame {
  /** The source's: no rule of the target stands against anything. */
  readonly isOfSource?: boolean;
  /** The target has taken something from this run: a right is not what is lacking, and a refusal is a rule, as of a quota. */
  readonly hasPushed: boolean;
}

/** What a failure makes of a tag. Throws what is no failure of a registry. */
export function outcomeOf(error: unknown, { isOfSource, hasPushed }: Blame): TagOutcome {
  if (error instanceof NeedError || error instanceof StoppedError) return { status: "waiting" };
  if (isRegistryError(error)) {
    const { code, message, registryCode } = error;
    const status = isOfSource !== true && isRule(error, hasPushed) ? "refused" : "failed";
    return { status, code: registryCode ?? code, message };
  }
  if (error instanceof HttpError) {
    return { status: "failed", code: error.code ?? "unavailable", message: error.message };
  }
  throw error;
}

/** What a registry refuses that takes others: a tag that may not change, too much, too large, a format it does not store. */
function isRule({ code, status, registryCode }: RegistryError, hasPushed: boolean): boolean {
  if (code === "conflict") return true;
  if (code === "denied") return hasPushed;
  if (code !== "invalid") return false;
  return status === 413 || status === 415 || RULE_CODES.has(registryCode ?? "");
}

/** Source: OCI distribution-spec, error codes: the bytes are those of the source, so it is the target that does not take them. */
const RULE_CODES: ReadonlySet<string> = new Set([
  "MANIFEST_INVALID",
  "SIZE_INVALID",
  "TAG_INVALID",
]);
