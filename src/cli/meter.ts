/** How far a phase is. */
export interface Reading {
  readonly done: number;
  /** How many items there turn out to be; absent: as many as was said before. */
  readonly total?: number;
  /** Bytes that went over so far; absent: the phase counts none. */
  readonly bytes?: number;
}

/** How much there is to do, as far as that is known. */
export interface Goal {
  readonly total?: number;
  readonly totalBytes?: number;
}

export interface Pace {
  /** Items a second; absent until that can be told. */
  readonly items?: number;
  /** Bytes a second; absent until that can be told, and where none are counted. */
  readonly bytes?: number;
  /** Milliseconds that the rest takes at this pace; absent until that can be told. */
  readonly leftMs?: number;
}

/** Tells the pace of a phase from what it did lately, and how long the rest takes. */
export interface Meter {
  /** @param now Milliseconds on a clock that only goes forward. */
  read(reading: Reading, now: number): Pace;
  /** That nothing may be sent for a while, whatever the pace was. Milliseconds. */
  pause(delayMs: number, now: number): void;
}

/** What happened before this long ago says nothing about the pace. Milliseconds. */
const WINDOW_MS = 30_000;

/** A pace is not told from less. Milliseconds. */
const LEAST_MS = 1_000;

/** Two samples lie at least this far apart, so that there are few. Milliseconds. */
const SAMPLE_MS = 250;

interface Sample extends Reading {
  readonly at: number;
}

/**
 * The rest takes as long as the slower of its items and its bytes. What the registry makes wait lately is part of the pace;
 * a pause that it has just asked for, and that no pace can know of yet, comes on top.
 */
export function createMeter({ totalBytes, ...goal }: Goal, begunAt: number): Meter {
  let { total } = goal;
  const samples: Sample[] = [{ at: begunAt, done: 0, bytes: 0 }];
  let pausedUntil = begunAt;

  return {
    read(reading, now) {
      total = reading.total ?? total;
      const last = samples.at(-1);
      if (last === undefined || now - last.at >= SAMPLE_MS) samples.push({ ...reading, at: now });
      while (samples.length > 2 && (samples[1]?.at ?? now) <= now - WINDOW_MS) samples.shift();
      const [first] = samples;
      if (first === undefined || now - first.at < LEAST_MS) return {};
      const seconds = (now - first.at) / 1000;
      const { done, bytes } = reading;
      // What broke off and is begun anew counts less than before.
      const items = Math.max(0, done - first.done) / seconds;
      const rate =
        bytes === undefined ? undefined : Math.max(0, bytes - (first.bytes ?? 0)) / seconds;
      const leftMs = timeLeft([
        [total, done, items],
        [totalBytes, bytes, rate],
      ]);
      const waitMs = Math.max(0, pausedUntil - now);
      return {
        items,
        ...(rate === undefined ? {} : { bytes: rate }),
        ...(leftMs === undefined ? {} : { leftMs: leftMs === 0 ? 0 : leftMs + waitMs }),
      };
    },
    pause: (delayMs, now) => void (pausedUntil = Math.max(pausedUntil, now + delayMs)),
  };
}

type Course = readonly [
  goal: number | undefined,
  done: number | undefined,
  rate: number | undefined,
];

/** Milliseconds of the slowest course; `undefined` when one of them stands still, or none has a goal. */
function timeLeft(courses: readonly Course[]): number | undefined {
  const left = courses.flatMap(([goal, done, rate]) => {
    if (goal === undefined || done === undefined || rate === undefined) return [];
    const rest = Math.max(0, goal - done);
    return [rest === 0 ? 0 : (rest / rate) * 1000];
  });
  if (left.length === 0 || left.some((ms) => !Number.isFinite(ms))) return undefined;
  return Math.max(...left);
}
