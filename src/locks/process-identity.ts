import { createHash, randomBytes } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

import type { LeaseHolder } from "../stages/lease.ts";

/** What this process calls itself in a lease; a new run every time. */
export async function identifyProcess(): Promise<LeaseHolder> {
  const machine = await identifyMachine();
  const started = await startOf(process.pid);
  return {
    run: randomBytes(8).toString("hex"),
    host: hostname(),
    pid: process.pid,
    ...(machine === undefined ? {} : { machine }),
    ...(started === undefined ? {} : { started }),
  };
}

/**
 * Whether the process that holds a lease is dead for sure. What runs on another machine, or in another container, may
 * live for all this process can tell, and so may whatever does not say where it runs.
 */
export async function isProcessGone({ machine, pid, started }: LeaseHolder): Promise<boolean> {
  if (machine === undefined || machine !== (await identifyMachine())) return false;
  if (!isThere(pid)) return true;
  const now = await startOf(pid);
  return started !== undefined && now !== undefined && started !== now;
}

/**
 * The same for a process that left a file in this machine's own state directory: where the system tells machines apart
 * by their name alone, that is enough.
 */
export async function isLocalProcessGone(holder: LeaseHolder): Promise<boolean> {
  const isUnnamed = holder.machine === undefined && (await identifyMachine()) === undefined;
  if (isUnnamed && holder.host === hostname()) return !isThere(holder.pid);
  return isProcessGone(holder);
}

/**
 * Stands for this start of this machine and for the space that its process ids are from. Containers share the one and
 * differ in the other. `undefined` where the system does not tell.
 */
async function identifyMachine(): Promise<string | undefined> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const ids = await readlink("/proc/self/ns/pid");
    return createHash("sha256").update(`${hostname()} ${boot} ${ids}`).digest("hex").slice(0, 32);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** When a process started, in ticks since the start of the machine. Source: proc(5), the 22nd field of `stat`. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** No such system, no such process, or no right to look. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return ["ENOENT", "EACCES", "EPERM", "ENOTDIR", "ESRCH", "EINVAL"].includes(String(code));
}
