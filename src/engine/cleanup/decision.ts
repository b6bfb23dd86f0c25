import type { Reason } from "./reason.ts";

/**
 * Why a tag goes.
 *
 * - `unneeded`: no root keeps it and nothing kept needs it
 * - `rejected`: it is marked as broken, and nothing kept needs it
 * - `stage-gone`, `source-gone`, `subject-gone`: what it belongs to goes or is not there
 * - `unknown-commit`, `unknown-image`: a record that names what nobody has
 * - `untagged`: no tag names it, nothing that stays leads to it, and it is old enough
 * - `orphan`: it is about something that is not there
 * - `retired`: the name of an image that no reference defines any more
 * - `asked`: a person named it
 * - `purged`: everything of the project is to go, and nothing that stays needs it
 * - `superseded`: a newer record of the same stage serves the same references
 * - `journal-old`: a journal in the repository that nobody is to need any more
 * - `lease-over`: a lease whose time is up, or whose process is dead
 */
export type Because =
  | "unneeded"
  | "rejected"
  | "stage-gone"
  | "source-gone"
  | "subject-gone"
  | "untagged"
  | "orphan"
  | "unknown-commit"
  | "unknown-image"
  | "retired"
  | "asked"
  | "purged"
  | "superseded"
  | "journal-old"
  | "lease-over";

export type Decision =
  | { readonly reasons: readonly Reason[] }
  | {
      readonly because: Because;
      /** Tags that have to be gone before this one goes, as far as they go at all. */
      readonly after: readonly string[];
    };
