import type { Event, Phase } from "../events/event.ts";
import { openCourse } from "./course.ts";
import type { Course } from "./course.ts";

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

/** Where no terminal is, whatever goes on says how far it is at least this often. Milliseconds. */
const PLAIN_MS = 10_000;

/** A live line is drawn again at most this often. Milliseconds. */
const REDRAW_MS = 100;

/** Phases that go on side by side: one line tells of both, the one with more to say first. */
const BESIDE: ReadonlyMap<Phase, readonly [Phase, Phase]> = new Map(
  (["copying blobs", "copying manifests"] as const).map((phase) => [
    phase,
    ["copying blobs", "copying manifests"],
  ]),
);

/** As much of a stream as the progress needs. */
export interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): unknown;
}

/**
 * A phase may run inside another: deleting lists and resolves again, and then goes on.
 *
 * @param now Milliseconds on a clock that only goes forward.
 */
export function createProgress(
  stream: Terminal,
  { quiet, verbose }: Verbosity,
  now: () => number = () => performance.now(),
): Progress {
  const isLive = stream.isTTY && !quiet;
  const courses = new Map<Phase, Course>();
  let drawn = false;
  let drawnAt = 0;

  return {
    report(event) {
      switch (event.type) {
        case "phase.started":
          return start(event);
        case "phase.advanced":
          return advance(event);
        case "warning.raised":
          return line(`warning: ${event.message}`);
        case "http.warned":
          return line(`warning: ${event.host} says: ${event.text}`);
        case "http.paused":
          for (const course of courses.values()) course.pause(event.delayMs, now());
          if (!quiet) line(`${event.budget} asks for a pause of ${seconds(event.delayMs)}`);
          return;
        case "http.retried":
          if (verbose) line(describeRetry(event));
          return;
      }
    },
    stop: clear,
  };

  function start(event: Extract<Event, { type: "phase.started" }>): void {
    const { phase, total } = event;
    const course = openCourse(event, now());
    courses.set(phase, course);
    if (total === 0) return;
    if (isLive) draw(liveLine(phase), true);
    else if (!quiet) line(course.describeGoal());
  }

  function advance(event: Extract<Event, { type: "phase.advanced" }>): void {
    const { phase, done } = event;
    const course = courses.get(phase);
    if (course === undefined) {
      if (isLive) draw(done === 0 ? phase : `${phase}: ${done}`, false);
      return;
    }
    course.advance(event, now());
    if (isLive) return draw(liveLine(phase), course.isDone());
    if (!quiet && isWorthALine(course)) line(course.describe());
  }

  /** Ten times in a long phase, and when nothing was said for a while. */
  function isWorthALine(course: Course): boolean {
    const { total, done, lastStep, toldAt } = course.state;
    const isStep = total !== undefined && total >= PLAIN_LEAST;
    const step = isStep ? Math.floor((done * PLAIN_STEPS) / total) : lastStep;
    const isLate = now() - toldAt >= PLAIN_MS && !course.isDone();
    if (step <= lastStep && !isLate) return false;
    course.tell(step, now());
    return true;
  }

  function liveLine(phase: Phase): string {
    const phases = BESIDE.get(phase) ?? [phase];
    const open = phases.flatMap((each) => courses.get(each) ?? []);
    return open.map((course) => course.describe()).join("; ");
  }

  function draw(text: string, always: boolean): void {
    if (!always && now() - drawnAt < REDRAW_MS) return;
    drawnAt = now();
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

function describeRetry(event: Extract<Event, { type: "http.retried" }>): string {
  const why = event.status === undefined ? "no answer" : String(event.status);
  return `${event.method} ${event.url}: ${why}; attempt ${event.attempt} failed, next in ${seconds(event.delayMs)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
