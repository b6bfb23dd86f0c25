import type { Reason } from "./reason.ts";

/**
 * Why a tag goes.
 *
 * - `unneeded`: no root keeps it and nothing kept needs it
 * - `rejected`: it is marked as broken, and nothing kept needs it
 * - `stage-gone`, `source-gone`, `subject-gone`: what it belongs to goes or is not there
 * - `unknown-commit`, `unknown-image`: a record that names what nobody has
 * - `superseded`: a newer record of the same stage serves the same references
 */
export type Because =
  | "unneeded"
  | "rejected"
  | "stage-gone"
  | "source-gone"
  | "subject-gone"
  | "unknown-commit"
  | "unknown-image"
  | "superseded";

export type Decision =
  | { readonly reasons: readonly Reason[] }
  | {
      readonly because: Because;
      /** Tags that have to be gone before this one goes, as far as they go at all. */
      readonly after: readonly string[];
    };
