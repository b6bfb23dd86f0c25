import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { Runner } from "../commands/deps.ts";
import type { LeaseHolder } from "../stages/lease.ts";
import type { Environment } from "./environment.ts";

/** This process as a runner. What it needs of the machine loads when it is used. */
export function createRunner({
  env,
  now,
  signal,
}: {
  readonly env: Environment;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}): Runner {
  let identity: Promise<LeaseHolder> | undefined;
  const identify = async (): Promise<LeaseHolder> => {
    const { identifyProcess } = await import("../locks/process-identity.ts");
    identity ??= identifyProcess();
    return identity;
  };
  return {
    identify,
    async isGone(holder) {
      const { isProcessGone } = await import("../locks/process-identity.ts");
      return isProcessGone(holder);
    },
    startedAt: now().getTime(),
    sleep: (ms) => setTimeout(ms, undefined, { signal }),
    async tryLockFile(repository) {
      const { tryLockFile } = await import("../locks/lock-file.ts");
      const { isLocalProcessGone } = await import("../locks/process-identity.ts");
      return tryLockFile(lockPath(env, repository), await identify(), isLocalProcessGone);
    },
  };
}

/** `$XDG_STATE_HOME/tidemark/locks/<repository>.lock`. Source: XDG Base Directory Specification. */
function lockPath(env: Environment, repository: string): string {
  const given = env["XDG_STATE_HOME"];
  const home = env["HOME"] ?? homedir();
  const state = given === undefined || given === "" ? join(home, ".local", "state") : given;
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const readable = repository.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(-80);
  return join(state, "tidemark", "locks", `${readable}-${hash}.lock`);
}
