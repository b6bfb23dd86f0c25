import type { RecordImage } from "./record.ts";
import { recordImage } from "./record.ts";

/**
 * What a running process says about itself in the repository, so that others wait for it or keep what it is about to use.
 *
 * A record like any other, under a tag of its own: leases are never moved, so they work where tags cannot change. A
 * lease that is renewed is a new record of the same run; the latest end of a run's leases counts.
 */
export interface Lease {
  /** `cleanup`: it deletes, so no other cleanup may. `publish`: it is about to use the stages. */
  readonly kind: "cleanup" | "publish";
  readonly holder: LeaseHolder;
  /** When the run asked first. Milliseconds since the epoch, by its own clock. */
  readonly since: number;
  /** When it ends unless it is renewed. Milliseconds since the epoch, by its own clock. */
  readonly until: number;
  /** Stage ids that must not go while it lasts. */
  readonly stages: readonly string[];
}

export interface LeaseHolder {
  /** Of one run, and of no other: 16 hex digits. */
  readonly run: string;
  /** For people. */
  readonly host: string;
  readonly pid: number;
  /**
   * Stands for a machine, its start and its space of process ids. Absent where nothing tells them apart for sure: then
   * nobody can say that the process is dead.
   */
  readonly machine?: string;
  /** Tells a process from a later one with the same id: when it started, in the machine's own measure. */
  readonly started?: string;
}

/** How long a lease counts after its end, for clocks that differ. Milliseconds. */
export const LEASE_GRACE_MS = 60_000;

const PREFIX = "tidemark-lease-";

const LABEL = {
  kind: "tidemark.lease.kind",
  run: "tidemark.lease.run",
  host: "tidemark.lease.host",
  pid: "tidemark.lease.pid",
  machine: "tidemark.lease.machine",
  started: "tidemark.lease.started",
  since: "tidemark.lease.since",
  until: "tidemark.lease.until",
  stages: "tidemark.lease.stages",
  renewals: "tidemark.lease.renewals",
} as const;

/** Whether a tag is a lease by its name. What the record says is another matter. */
export function isLeaseTag(tag: string): boolean {
  return tag.startsWith(PREFIX) && tag.length > PREFIX.length;
}

/** The tag of a run's lease: `tidemark-lease-<run>-<count of renewals>`. */
export function leaseTag(run: string, renewals: number): string {
  return `${PREFIX}${run}-${renewals}`;
}

/** Whether a tag is a lease of this run. */
export function isLeaseOf(run: string, tag: string): boolean {
  return tag.startsWith(`${PREFIX}${run}-`);
}

/** The record of a lease, to be stored under `leaseTag`. No two have the same digest. */
export function leaseRecord(
  project: string,
  { kind, holder, since, until, stages }: Lease,
  renewals: number,
): RecordImage {
  const { run, host, pid, machine, started } = holder;
  const labels = {
    [LABEL.kind]: kind,
    [LABEL.run]: run,
    [LABEL.host]: host,
    [LABEL.pid]: String(pid),
    ...(machine === undefined ? {} : { [LABEL.machine]: machine }),
    ...(started === undefined ? {} : { [LABEL.started]: started }),
    [LABEL.since]: new Date(since).toISOString(),
    [LABEL.until]: new Date(until).toISOString(),
    [LABEL.stages]: stages.join(" "),
    [LABEL.renewals]: String(renewals),
  };
  return recordImage(project, labels, new Date(since).toISOString());
}

/** What the labels of a lease's record say; `undefined` when they do not say all of it, or nothing that makes sense. */
export function parseLease(labels: Readonly<Record<string, string>>): Lease | undefined {
  const { [LABEL.kind]: kind, [LABEL.run]: run, [LABEL.host]: host } = labels;
  const { [LABEL.machine]: machine, [LABEL.started]: started } = labels;
  const pid = Number(labels[LABEL.pid] ?? "");
  const since = parseTime(labels[LABEL.since]);
  const until = parseTime(labels[LABEL.until]);
  const stages = labels[LABEL.stages];
  if (kind !== "cleanup" && kind !== "publish") return undefined;
  if (run === undefined || !/^[0-9a-f]{16}$/.test(run) || host === undefined) return undefined;
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (since === undefined || until === undefined || stages === undefined) return undefined;
  return {
    kind,
    holder: {
      run,
      host,
      pid,
      ...(machine === undefined ? {} : { machine }),
      ...(started === undefined ? {} : { started }),
    },
    since,
    until,
    stages: stages.split(" ").filter((id) => id !== ""),
  };
}

/** The holder in words: `process 4711 on build-3 (run 1f0c…)`. */
export function describeHolder({ run, host, pid }: LeaseHolder): string {
  return `process ${pid} on ${host} (run ${run})`;
}

function parseTime(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}
