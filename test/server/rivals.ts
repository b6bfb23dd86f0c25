import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import type { LockHandle } from "../../src/locks/protocol/wire.ts";

export interface RivalsOptions {
  /** Servers that are one to all; any may be gone. */
  readonly urls: readonly string[];
  readonly ttlMs: number;
  readonly rivals: number;
  readonly locks: number;
  /** What happens in between: each time so many locks were given. */
  readonly acts: readonly Act[];
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Act {
  /** How many locks have to be given, counted from when the act before was over. */
  readonly afterGrants: number;
  /** Default: they stop. */
  readonly perform?: () => Promise<void>;
}

export interface RivalsResult {
  /** Moments at which a lock was given to one while another could still count on having it. */
  readonly violations: readonly string[];
  readonly failures: number;
}

/** Somebody who counts on having a lock. */
interface Holder {
  readonly rival: number;
  readonly shared: boolean;
  /** By the clock of `performance.now`: when the request was sent that gave the lease last, plus its length. */
  until: number;
}

const Answer = z.object({
  err: z.string(),
  lockHandle: z.object({ uuid: z.string(), lockName: z.string() }).optional(),
});

/**
 * Lets rivals take, renew, give back and forget locks, as clients would that count on a lease for as long as the protocol
 * says, and notes whenever two count on the same.
 */
export async function letRivalsLoose(options: RivalsOptions): Promise<RivalsResult> {
  const { urls, ttlMs, rivals, locks, acts, random } = options;
  const holders = new Map<string, Holder[]>();
  const violations: string[] = [];
  const waiting: (() => void)[] = [];
  let failures = 0;
  const over = new AbortController();
  await Promise.all([play(), ...Array.from({ length: rivals }, (_, rival) => compete(rival))]);
  return { violations, failures };

  async function play(): Promise<void> {
    for (const { afterGrants, perform } of acts) {
      for (let grants = 0; grants < afterGrants; grants += 1) {
        await new Promise<void>((given) => waiting.push(given));
      }
      await perform?.();
    }
    over.abort();
  }

  async function compete(rival: number): Promise<void> {
    while (!over.signal.aborted) {
      const lockName = `lock-${Math.floor(random() * locks)}`;
      const shared = random() < 0.3;
      const acquirerId = random() < 0.7 ? `rival-${rival}` : "";
      for (let tries = 0; tries < 20 && !over.signal.aborted; tries += 1) {
        const sent = performance.now();
        const answer = await post("acquire", { lockName, opts: { shared, acquirerId } });
        if (answer?.err === "" && answer.lockHandle !== undefined) {
          const holder = { rival, shared, until: sent + ttlMs };
          note(lockName, holder);
          await hold(answer.lockHandle, holder);
          break;
        }
        await pause(10 + random() * 20);
      }
    }
  }

  /** Some give it back at once, some keep it for a while, some are never heard of again. */
  async function hold(handle: LockHandle, holder: Holder): Promise<void> {
    const { lockName } = handle;
    while (random() < 0.3) {
      await pause((random() * ttlMs) / 4);
      const sent = performance.now();
      const answer = await post("renew-lease", { lockHandle: handle });
      if (answer === undefined || answer.err !== "") return forget(lockName, holder);
      holder.until = sent + ttlMs;
    }
    if (random() < 0.1) return;
    forget(lockName, holder);
    await post("release", { lockHandle: handle });
  }

  function note(lockName: string, holder: Holder): void {
    const now = performance.now();
    for (const given of waiting.splice(0)) given();
    const others = (holders.get(lockName) ?? []).filter(({ until }) => until > now);
    const rival = others.find((other) => !(other.shared && holder.shared));
    if (rival !== undefined) {
      const left = Math.round(rival.until - now);
      violations.push(`${lockName}: to ${holder.rival}, ${left} ms before it left ${rival.rival}`);
    }
    holders.set(lockName, [...others, holder]);
  }

  function forget(lockName: string, holder: Holder): void {
    const others = (holders.get(lockName) ?? []).filter((other) => other !== holder);
    holders.set(lockName, others);
  }

  /** What a server answered; nothing when it did not. */
  async function post(
    operation: string,
    body: unknown,
  ): Promise<z.infer<typeof Answer> | undefined> {
    const url = urls[Math.floor(random() * urls.length)] ?? "";
    try {
      const response = await fetch(`${url}/client/locker/${operation}`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.status === 200) return Answer.parse(JSON.parse(text));
    } catch {
      // Gone, or going: whether it did it is not known.
    }
    failures += 1;
    return undefined;
  }
}
