import type { MigrationState, MigrationStateHeader } from "../../journal/migration-state.ts";
import type { CommandDeps } from "../deps.ts";
import type { RemovalPolicy } from "./remove-source.ts";
import type { MigrationRequest } from "./request.ts";
import type { MigrationResult } from "./result.ts";

/** A migration, and what is done besides copying. */
export interface MigrateRequest extends MigrationRequest {
  /** Decides, and sends nothing that changes anything. */
  readonly dryRun: boolean;
  /** Whether the target is looked at anew afterwards. Removal does that whatever this says. */
  readonly verify: boolean;
  /** How what the target was proved to have goes from the source. Absent: it stays. */
  readonly removal?: RemovalPolicy;
  /** Absolute path of the file that tells what has arrived. Absent: one for this migration in the user's state directory. */
  readonly state?: string;
}

export interface MigrateDeps extends CommandDeps {
  /**
   * What has arrived in earlier runs of a migration. Rejects with `JournalError`.
   *
   * @param path Absent: in the user's state directory.
   */
  openMigrationState(header: MigrationStateHeader, path?: string): Promise<MigrationState>;
}

export type Migrate = (request: MigrateRequest, deps: MigrateDeps) => Promise<MigrationResult>;
