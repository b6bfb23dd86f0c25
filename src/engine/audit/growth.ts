import type { GrowthPoint } from "./audit.ts";
import { createWalk } from "./storage.ts";
import type { Storage } from "./storage.ts";

/** A tag and when it came. */
export interface Arrival {
  /** Milliseconds since the epoch. Absent: nobody knows. */
  readonly time: number | undefined;
  /** Number of its manifest. Absent: it leads to nothing that could be read. */
  readonly root: number | undefined;
}

/**
 * How much was there at the end of each day on which something came, by what is there now. Tags of unknown age count from
 * the first day on. Empty where no age is known.
 */
export function growthOf(arrivals: readonly Arrival[], storage: Storage): readonly GrowthPoint[] {
  const times = arrivals.map(({ time }) => time ?? Number.NEGATIVE_INFINITY);
  const order = Uint32Array.from(times.keys()).sort((a, b) => compare(times[a], times[b]));
  const walk = createWalk(storage);
  const points: GrowthPoint[] = [];
  let day: string | undefined;
  let tags = 0;
  let bytes = 0;
  const close = (): void => {
    if (day !== undefined) points.push({ day, tags, bytes });
  };
  for (const place of order) {
    const time = times[place] ?? Number.NEGATIVE_INFINITY;
    if (Number.isFinite(time)) {
      const next = new Date(time).toISOString().slice(0, 10);
      if (next !== day) close();
      day = next;
    }
    tags += 1;
    const root = arrivals[place]?.root;
    if (root === undefined) continue;
    walk(root, 1, (at) => {
      bytes += storage.bytes[at] ?? 0;
    });
  }
  close();
  return points;
}

function compare(a = 0, b = 0): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
