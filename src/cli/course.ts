import type { Phase } from "../events/event.ts";
import { formatBytes } from "../report/format.ts";
import { createMeter } from "./meter.ts";
import type { Goal, Pace, Reading } from "./meter.ts";

/** How far a phase is, in words. */
export interface Course {
  readonly state: {
    readonly total: number | undefined;
    readonly done: number;
    /** Of the steps in which a long phase is told, the last that was. */
    readonly lastStep: number;
    /** Milliseconds on the caller's clock. */
    readonly toldAt: number;
  };
  isDone(): boolean;
  advance(reading: Reading, now: number): void;
  pause(delayMs: number, now: number): void;
  /** Notes that it was told. */
  tell(step: number, now: number): void;
  /** `copying blobs: 3004 to do (4.0 GiB)` */
  describeGoal(): string;
  /** `copying blobs: 120 of 3004, 1.2 GiB of 4.0 GiB, 80.0 MiB/s, 35 s left` */
  describe(): string;
}

/** @param begunAt Milliseconds on a clock that only goes forward. */
export function openCourse(
  { phase, ...goal }: Goal & { readonly phase: Phase },
  begunAt: number,
): Course {
  const { totalBytes } = goal;
  const meter = createMeter(goal, begunAt);
  const state = { total: goal.total, done: 0, lastStep: 0, toldAt: begunAt };
  let bytes: number | undefined;
  let pace: Pace = {};
  const isDone = (): boolean => state.total !== undefined && state.done >= state.total;

  return {
    state,
    isDone,
    advance(reading, now) {
      state.done = reading.done;
      state.total = reading.total ?? state.total;
      bytes = reading.bytes;
      pace = meter.read(reading, now);
    },
    pause: (delayMs, now) => meter.pause(delayMs, now),
    tell(step, now) {
      state.lastStep = step;
      state.toldAt = now;
    },
    describeGoal() {
      const { total } = state;
      if (total === undefined) return phase;
      const size = totalBytes === undefined ? "" : ` (${formatBytes(totalBytes)})`;
      return `${phase}: ${total} to do${size}`;
    },
    describe() {
      const { total } = state;
      if (total === undefined && state.done === 0) return phase;
      const items = total === undefined ? String(state.done) : `${state.done} of ${total}`;
      return `${phase}: ${[items, ...sizes(), ...(isDone() ? [] : speed(pace))].join(", ")}`;
    },
  };

  function sizes(): string[] {
    if (bytes === undefined) return [];
    if (totalBytes === undefined) return [formatBytes(bytes)];
    return [`${formatBytes(bytes)} of ${formatBytes(totalBytes)}`];
  }
}

/** Whatever counts bytes has their rate, everything else that of its items. */
function speed({ items, bytes, leftMs }: Pace): string[] {
  const rate =
    bytes === undefined
      ? items === undefined
        ? []
        : [`${items < 10 ? items.toFixed(1) : Math.round(items)}/s`]
      : [`${formatBytes(Math.round(bytes))}/s`];
  return leftMs === undefined ? rate : [...rate, `${formatDuration(leftMs)} left`];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `35 s`, `4 min`, `2 h 10 min`. */
function formatDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.ceil(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  const minutes = Math.round(ms / MINUTE_MS);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
