import type { Event, Phase } from "../events/event.ts";

/** Shows on stderr what a run is doing: one live line on a terminal, plain lines elsewhere. */
export interface Progress {
  report(event: Event): void;
  /** Ends the live line. */
  stop(): void;
}

interface Verbosity {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Where no terminal is, a long phase says how far it is this many times. */
const PLAIN_STEPS = 10;

/** Steps below which a phase is over before anyone asks. */
const PLAIN_LEAST = 100;

/** A live line is drawn again at most this often. Milliseconds. */
const REDRAW_MS = 100;

/** As much of a stream as the progress needs. */
export interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): unknown;
}

/** A phase may run inside another: deleting lists and resolves again, and then goes on. */
interface Course {
  readonly total: number | undefined;
  lastStep: number;
}

export function createProgress(stream: Terminal, { quiet, verbose }: Verbosity): Progress {
  const isLive = stream.isTTY && !quiet;
  const courses = new Map<Phase, Course>();
  let drawn = false;
  let drawnAt = 0;

  return {
    report(event) {
      switch (event.type) {
        case "phase.started":
          return start(event.phase, event.total);
        case "phase.advanced":
          return advance(event.phase, event.done);
        case "warning.raised":
          return line(`warning: ${event.message}`);
        case "http.warned":
          return line(`warning: ${event.host} says: ${event.text}`);
        case "http.paused":
          if (!quiet) line(`${event.budget} asks for a pause of ${seconds(event.delayMs)}`);
          return;
        case "http.retried":
          if (verbose) line(describeRetry(event));
          return;
      }
    },
    stop: clear,
  };

  function start(phase: Phase, total: number | undefined): void {
    courses.set(phase, { total, lastStep: 0 });
    if (total === 0) return;
    if (isLive) draw(describe(phase, 0, total), true);
    else if (!quiet) line(total === undefined ? phase : `${phase}: ${total} to do`);
  }

  function advance(phase: Phase, done: number): void {
    const course = courses.get(phase);
    const total = course?.total;
    if (isLive) return draw(describe(phase, done, total), done === total);
    if (quiet || course === undefined || total === undefined || total < PLAIN_LEAST) return;
    const step = Math.floor((done * PLAIN_STEPS) / total);
    if (step <= course.lastStep) return;
    course.lastStep = step;
    line(describe(phase, done, total));
  }

  function draw(text: string, always: boolean): void {
    const now = performance.now();
    if (!always && now - drawnAt < REDRAW_MS) return;
    drawnAt = now;
    clear();
    stream.write(text.slice(0, Math.max(20, stream.columns - 1)));
    drawn = true;
  }

  function clear(): void {
    if (drawn) stream.write("\r\u001B[2K");
    drawn = false;
  }

  function line(text: string): void {
    clear();
    stream.write(`${text}\n`);
  }
}

function describe(phase: Phase, done: number, total: number | undefined): string {
  if (total !== undefined) return `${phase}: ${done} of ${total}`;
  return done === 0 ? phase : `${phase}: ${done}`;
}

function describeRetry(event: Extract<Event, { type: "http.retried" }>): string {
  const why = event.status === undefined ? "no answer" : String(event.status);
  return `${event.method} ${event.url}: ${why}; attempt ${event.attempt} failed, next in ${seconds(event.delayMs)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
