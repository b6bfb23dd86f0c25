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

/** A live line is drawn again at most this often. Milliseconds. */
const REDRAW_MS = 100;

export function createProgress(
  stream: NodeJS.WriteStream,
  { quiet, verbose }: Verbosity,
): Progress {
  const isLive = stream.isTTY && !quiet;
  let phase: { name: Phase; total: number | undefined } | undefined;
  let drawn = false;
  let drawnAt = 0;
  let lastStep = 0;

  return {
    report(event) {
      switch (event.type) {
        case "phase.started":
          phase = { name: event.phase, total: event.total };
          lastStep = 0;
          if (event.total === 0) return;
          if (isLive) draw(describe(0), true);
          else if (!quiet) stream.write(`${announce(event.phase, event.total)}\n`);
          return;
        case "phase.advanced":
          if (isLive) draw(describe(event.done), event.done === phase?.total);
          else if (!quiet) advancePlainly(event.done);
          return;
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

  function describe(done: number): string {
    if (phase === undefined) return "";
    if (phase.total !== undefined) return `${phase.name}: ${done} of ${phase.total}`;
    return done === 0 ? phase.name : `${phase.name}: ${done}`;
  }

  function announce(name: Phase, total: number | undefined): string {
    return total === undefined ? name : `${name}: ${total} to do`;
  }

  function advancePlainly(done: number): void {
    const total = phase?.total ?? 0;
    const step = total === 0 ? 0 : Math.floor((done * PLAIN_STEPS) / total);
    if (total < 100 || step <= lastStep) return;
    lastStep = step;
    stream.write(`${describe(done)}\n`);
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

function describeRetry(event: Extract<Event, { type: "http.retried" }>): string {
  const why = event.status === undefined ? "no answer" : String(event.status);
  return `${event.method} ${event.url}: ${why}; attempt ${event.attempt} failed, next in ${seconds(event.delayMs)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
