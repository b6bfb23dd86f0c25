import { sha256 } from "./formats.ts";
import { instant } from "./instant.ts";
import type { LeaseSpec } from "./scenario.ts";

/** Of a machine that is not this one, so that nobody can tell whether the process still runs. */
const HOLDER = { host: "build-3", pid: 4711 } as const;

/** Hex digits of a run's name. */
const RUN_LENGTH = 16;

/** The tag of the first lease of a run. */
export function leaseTag(id: string): string {
  return `tidemark-lease-${runOf(id)}-0`;
}

/** What the record of a lease says; one that is broken does not say when it ends. */
export function leaseLabels(
  { id, kind, until, broken }: LeaseSpec,
  stageTags: readonly string[],
  start: number,
): Record<string, string> {
  const labels = {
    "tidemark.lease.kind": kind,
    "tidemark.lease.run": runOf(id),
    "tidemark.lease.host": HOLDER.host,
    "tidemark.lease.pid": String(HOLDER.pid),
    "tidemark.lease.since": new Date(start - 3_600_000).toISOString(),
    "tidemark.lease.stages": stageTags.join(" "),
    "tidemark.lease.renewals": "0",
  };
  const end = new Date(instant(until, start)).toISOString();
  return broken === true ? labels : { ...labels, "tidemark.lease.until": end };
}

function runOf(id: string): string {
  return sha256(id).slice(0, RUN_LENGTH);
}
