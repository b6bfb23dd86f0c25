import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * One process, told apart from any other that ever had its number.
 *
 * Written into lock files and the names of temporary files, so that what a killed process left behind is
 * recognised as such.
 */
export interface Owner {
  /** Machine, boot and process-number space; equal only where `pid` means the same. */
  readonly machine: string;
  readonly pid: number;
  /** Clock ticks since the boot, or `""` where the system does not tell. */
  readonly started: string;
}

export async function currentOwner(): Promise<Owner> {
  const boot = await read(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  const space = await read(() => readlink("/proc/self/ns/pid"));
  const machine = createHash("sha256").update(`${hostname()} ${boot} ${space}`).digest("hex");
  return { machine: machine.slice(0, 12), pid: process.pid, started: await startOf(process.pid) };
}

/** Whether the owner is certainly gone, as seen by `me`. A process of another machine never is. */
export async function isGone(owner: Owner, me: Owner): Promise<boolean> {
  if (owner.machine !== me.machine) return false;
  if (!isRunning(owner.pid)) return true;
  return owner.started !== "" && (await startOf(owner.pid)) !== owner.started;
}

/** `machine-pid-started`, fit for a file name. */
export function formatOwner({ machine, pid, started }: Owner): string {
  return `${machine}-${pid}-${started}`;
}

/** Reads what `formatOwner` wrote; `undefined` for anything else. */
export function parseOwner(text: string): Owner | undefined {
  const [, machine, pid, started] = /^([0-9a-f]{12})-([0-9]+)-([0-9]*)$/.exec(text) ?? [];
  if (machine === undefined || pid === undefined || started === undefined) return undefined;
  return { machine, pid: Number(pid), started };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Field 22 of `/proc/PID/stat`; the second field may hold spaces and parentheses. Source: proc(5). */
async function startOf(pid: number): Promise<string> {
  const stat = await read(() => readFile(`/proc/${pid}/stat`, "utf8"));
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** `""` where the system has no such file: then only the process number tells. */
async function read(source: () => Promise<string>): Promise<string> {
  try {
    return (await source()).trim();
  } catch {
    return "";
  }
}
