import type { HttpEvent, HttpRequest } from "./client.ts";
import { createLimiter } from "./limiter.ts";
import type { Limiter, Place } from "./limiter.ts";
import { askedDelay, isExhausted } from "./rate-headers.ts";
import { isThrottled } from "./retry.ts";
import type { Attempt } from "./retry.ts";
import type { Sleep } from "./sleep.ts";

/** A limiter per budget: a host, or whatever name requests to several hosts share. */
export interface Budgets {
  /** Waits for a place; see `Limiter.enter`. */
  enter(request: HttpRequest, options: { readonly again: boolean }): Promise<Place>;
  /** Gives the place back, and lets the budget learn from how the attempt ended. */
  settle(request: HttpRequest, place: Place, attempt: Attempt): void;
}

export interface BudgetOptions {
  /** Most requests in flight per budget. */
  readonly concurrency: number;
  /** Longest pause a server may ask for; a longer one is left to the single requests. */
  readonly maxPauseMs: number;
  readonly now: () => Date;
  readonly sleep: Sleep;
  readonly report: (event: HttpEvent) => void;
}

export function createBudgets(options: BudgetOptions): Budgets {
  const limiters = new Map<string, Limiter>();

  return {
    enter(request, { again }) {
      const { signal } = request;
      return limiterOf(request).enter({ again, ...(signal === undefined ? {} : { signal }) });
    },
    settle(request, place, attempt) {
      pauseWhereAsked(request, attempt);
      place.leave(endingOf(attempt));
    },
  };

  /** A server that says when to come back is believed for the whole budget, as long as that is bearable. */
  function pauseWhereAsked(request: HttpRequest, { outcome, endedAt }: Attempt): void {
    if (outcome.kind === "failure") return;
    const { headers } = outcome;
    if (!isRefusal(outcome) && !isExhausted(headers)) return;
    const delayMs = askedDelay(headers, endedAt);
    if (delayMs === undefined || delayMs === 0 || delayMs > options.maxPauseMs) return;
    if (!limiterOf(request).pause(delayMs)) return;
    options.report({ type: "http.paused", budget: budgetOf(request), delayMs });
  }

  function limiterOf(request: HttpRequest): Limiter {
    const budget = budgetOf(request);
    const limiter = limiters.get(budget) ?? createLimiter(options);
    limiters.set(budget, limiter);
    return limiter;
  }
}

function endingOf({ outcome }: Attempt): "ok" | "throttled" | "failed" {
  if (outcome.kind === "failure") return "failed";
  if (isRefusal(outcome)) return "throttled";
  return outcome.status >= 500 ? "failed" : "ok";
}

function isRefusal({ status, headers }: Attempt["outcome"] & { readonly kind: "answer" }): boolean {
  return status === 503 || isThrottled(status, headers);
}

function budgetOf({ budget, url }: HttpRequest): string {
  return budget ?? url.host;
}
