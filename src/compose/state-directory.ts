import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Environment } from "./environment.ts";

/** Where journals lie by default, a folder per repository: `$XDG_STATE_HOME/tidemark/journal`. */
export function journalDirectory(env: Environment): string {
  return join(stateDirectory(env), "journal");
}

/** The folder of a repository's journals; its name is the repository's with a hash, so that two never meet. */
export function journalDirectoryOf(env: Environment, repository: string): string {
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const readable = repository.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(-80);
  return join(journalDirectory(env), `${readable}-${hash}`);
}

/** Where the locks of this machine lie: `$XDG_STATE_HOME/tidemark/locks`. */
export function lockDirectory(env: Environment): string {
  return join(stateDirectory(env), "locks");
}

/** Where the stages of projects lie that keep them on this machine: `$XDG_STATE_HOME/tidemark/stages`. */
export function stageDirectory(env: Environment): string {
  return join(stateDirectory(env), "stages");
}

/** The file in which a migration notes what has arrived: `$XDG_STATE_HOME/tidemark/migrations/<hash>.jsonl`. */
export function migrationStatePath(
  env: Environment,
  { from, to }: { readonly from: string; readonly to: string },
): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([from, to]))
    .digest("hex")
    .slice(0, 16);
  return join(stateDirectory(env), "migrations", `${hash}.jsonl`);
}

/** `$XDG_STATE_HOME/tidemark`. Source: XDG Base Directory Specification. */
function stateDirectory(env: Environment): string {
  const given = env["XDG_STATE_HOME"];
  const home = env["HOME"] ?? homedir();
  const state = given === undefined || given === "" ? join(home, ".local", "state") : given;
  return join(state, "tidemark");
}
