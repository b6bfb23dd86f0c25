import type { AdapterContext } from "../../src/registry/adapter.ts";

/**
 * Keeps requests below the limits of the API, so that none is refused for coming too early:
 *
 * - so many an hour, as the answers tell (`x-ratelimit-…`),
 * - 900 points a minute, of which a reading request costs 1 and any other 5,
 * - few requests that change something at a time.
 *
 * Source: GitHub Docs, "Rate limits for the REST API". A server whose answers tell no limit has none: they are off by
 * default on GitHub Enterprise Server.
 */
export interface Pacer {
  /** Waits for a turn. Rejects with the reason of an aborted signal, at once. */
  enter(kind: "read" | "write", signal?: AbortSignal): Promise<Turn>;
  /** Lets nobody through for so long. */
  pause(delayMs: number): void;
}

export interface Turn {
  /** Ends the turn, with the headers of the answer when there was one. */
  end(headers?: Headers): void;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Some below 900: a few requests cost more than is told, and others may use the same token. */
const POINTS_A_MINUTE = 880;
const MINUTE_MS = 60_000;
const POINTS = { read: 1, write: 5 } as const;
/** GitHub advises one after the other; a few are borne. */
const MAX_WRITES = 5;
/** The reset is told in whole seconds, as is the time of the answer. */
const RESET_MARGIN_MS = 1000;
/** Answers of one window tell its end by a second more or less. */
const SAME_WINDOW_MS = 60_000;

type Quota =
  /** Nothing is known of the window that is on: one request at a time finds out. */
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | {
      readonly kind: "known";
      readonly limit: number;
      readonly remaining: number;
      /** Milliseconds since the epoch, by our clock. */
      readonly resetAt: number;
    };

interface Waiter {
  readonly kind: "read" | "write";
  readonly admit: (turn: Turn) => void;
}

/** What has to happen before the next one may go: an answer has to come, or time has to pass. */
type Wait = "an answer" | number;

export function createPacer({
  host,
  now,
  sleep,
  warn,
}: Pick<AdapterContext, "host" | "now" | "sleep" | "warn">): Pacer {
  const waiting = new Set<Waiter>();
  const inFlight = { read: 0, write: 0 };
  /** Points of answered requests, by the time they are free again. */
  const spent: { readonly points: number; readonly freeAt: number }[] = [];
  let spentPoints = 0;
  let quota: Quota = { kind: "unknown" };
  let pausedUntil = 0;
  let alarm: { readonly at: number; readonly off: AbortController } | undefined;

  return { enter, pause };

  function enter(kind: "read" | "write", signal?: AbortSignal): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = (): void => {
        waiting.delete(waiter);
        reject(signal?.reason);
        if (waiting.size === 0) switchOff();
      };
      const waiter: Waiter = {
        kind,
        admit: (turn) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(turn);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      waiting.add(waiter);
      admitWaiting();
    });
  }

  function pause(delayMs: number): void {
    pausedUntil = Math.max(pausedUntil, clock() + delayMs);
  }

  function admitWaiting(): void {
    for (const waiter of waiting) {
      const wait = waitFor(waiter.kind);
      if (wait === "an answer") return;
      if (wait > 0) return wakeIn(wait);
      waiting.delete(waiter);
      waiter.admit(turn(waiter.kind));
    }
    switchOff();
  }

  function waitFor(kind: "read" | "write"): Wait {
    const pauseMs = pausedUntil - clock();
    if (pauseMs > 0) return pauseMs;
    if (kind === "write" && inFlight.write >= MAX_WRITES) return "an answer";
    const forQuota = waitForQuota();
    if (forQuota !== 0 || quota.kind === "none") return forQuota;
    return waitForPoints(POINTS[kind]);
  }

  function waitForQuota(): Wait {
    const sent = inFlight.read + inFlight.write;
    if (quota.kind === "known" && clock() >= quota.resetAt) quota = { kind: "unknown" };
    if (quota.kind === "none") return 0;
    if (quota.kind === "unknown") return sent === 0 ? 0 : "an answer";
    const { limit, remaining, resetAt } = quota;
    if (remaining > sent) return 0;
    if (sent > 0) return "an answer";
    const at = `${new Date(resetAt).toISOString().slice(11, 16)} UTC`;
    warn(`${host}: the limit of ${limit} requests an hour is used up; going on at ${at}`);
    return resetAt - clock();
  }

  function waitForPoints(points: number): Wait {
    while (spent[0] !== undefined && spent[0].freeAt <= clock()) {
      spentPoints -= spent.shift()?.points ?? 0;
    }
    const flying = inFlight.read * POINTS.read + inFlight.write * POINTS.write;
    let excess = spentPoints + flying + points - POINTS_A_MINUTE;
    if (excess <= 0) return 0;
    for (const one of spent) {
      excess -= one.points;
      if (excess <= 0) return one.freeAt - clock();
    }
    return "an answer";
  }

  function turn(kind: "read" | "write"): Turn {
    let isOn = true;
    inFlight[kind] += 1;
    return {
      end(headers) {
        if (!isOn) return;
        isOn = false;
        inFlight[kind] -= 1;
        spent.push({ points: POINTS[kind], freeAt: clock() + MINUTE_MS });
        spentPoints += POINTS[kind];
        if (headers !== undefined) quota = learned(quota, headers, clock());
        admitWaiting();
      },
    };
  }

  function wakeIn(delayMs: number): void {
    const at = clock() + delayMs;
    if (alarm !== undefined && alarm.at <= at) return;
    switchOff();
    const off = new AbortController();
    const set = { at, off };
    alarm = set;
    const ring = (): void => {
      if (alarm !== set) return;
      alarm = undefined;
      admitWaiting();
    };
    // A sleep that is broken off belongs to an alarm that nobody waits for.
    sleep(delayMs, off.signal).then(ring, ring);
  }

  function switchOff(): void {
    const { off } = alarm ?? {};
    alarm = undefined;
    off?.abort();
  }

  function clock(): number {
    return now().getTime();
  }
}

/** What is known of the window after an answer. One without these headers leaves a limit that is known as it is. */
function learned(quota: Quota, headers: Headers, now: number): Quota {
  const limit = wholeNumber(headers["x-ratelimit-limit"]);
  const remaining = wholeNumber(headers["x-ratelimit-remaining"]);
  const reset = wholeNumber(headers["x-ratelimit-reset"]);
  if (limit === undefined || remaining === undefined || reset === undefined) {
    return quota.kind === "known" ? quota : { kind: "none" };
  }
  // By the server's own clock, whatever ours says.
  const told = Date.parse(headers["date"] ?? "");
  const resetAt = reset * 1000 + (Number.isNaN(told) ? 0 : now - told) + RESET_MARGIN_MS;
  const isSame = quota.kind === "known" && Math.abs(quota.resetAt - resetAt) < SAME_WINDOW_MS;
  if (quota.kind === "known" && !isSame && resetAt < quota.resetAt) return quota;
  return {
    kind: "known",
    limit,
    remaining: isSame ? Math.min(quota.remaining, remaining) : remaining,
    resetAt: isSame ? Math.max(quota.resetAt, resetAt) : resetAt,
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
