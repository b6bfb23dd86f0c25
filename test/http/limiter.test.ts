import { describe, expect, it } from "vitest";
import { createLimiter } from "../../src/http/limiter.ts";
import type { Place } from "../../src/http/limiter.ts";

describe("createLimiter", () => {
  it("lets no more through than it has places", async () => {
    const { limiter, entered } = given({ concurrency: 2 });

    for (const name of ["a", "b", "c"]) entered.watch(name, limiter.enter({ again: false }));
    await settled();
    expect(entered.names()).toEqual(["a", "b"]);

    entered.place("a").leave("ok");
    await settled();
    expect(entered.names()).toEqual(["a", "b", "c"]);
  });

  it("halves once for the answers of one wave and grows again on success", async () => {
    const { limiter, entered } = given({ concurrency: 4 });
    for (const name of ["a", "b", "c", "d"]) entered.watch(name, limiter.enter({ again: false }));
    await settled();

    for (const name of ["a", "b", "c", "d"]) entered.place(name).leave("throttled");
    for (const name of ["e", "f", "g"]) entered.watch(name, limiter.enter({ again: false }));
    await settled();
    expect(entered.names()).toEqual(["a", "b", "c", "d", "e", "f"]);

    entered.place("e").leave("ok");
    entered.place("f").leave("ok");
    for (const name of ["h", "i"]) entered.watch(name, limiter.enter({ again: false }));
    await settled();
    expect(entered.names()).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
  });

  it("keeps one place however often it is throttled", async () => {
    const { limiter, entered } = given({ concurrency: 2 });

    for (const name of ["a", "b", "c", "d"]) {
      entered.watch(name, limiter.enter({ again: false }));
      await settled();
      entered.place(name).leave("throttled");
    }

    expect(entered.names()).toEqual(["a", "b", "c", "d"]);
  });

  it("lets nobody through during a pause", async () => {
    const { limiter, entered, sleeps } = given({ concurrency: 2 });

    limiter.pause(5000);
    entered.watch("a", limiter.enter({ again: false }));
    await settled();
    expect(entered.names()).toEqual([]);

    sleeps.advance(5000);
    await settled();
    expect(entered.names()).toEqual(["a"]);
  });

  it("says whether a pause is longer than the one that is on", () => {
    const { limiter } = given({ concurrency: 1 });

    expect([limiter.pause(100), limiter.pause(50), limiter.pause(200)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("lets a retry through before those that never were", async () => {
    const { limiter, entered } = given({ concurrency: 1 });
    entered.watch("first", limiter.enter({ again: false }));
    await settled();

    entered.watch("new", limiter.enter({ again: false }));
    entered.watch("retry", limiter.enter({ again: true }));
    entered.place("first").leave("ok");
    await settled();

    expect(entered.names()).toEqual(["first", "retry"]);
  });

  it("rejects with the reason of a signal while waiting, and forgets who waited", async () => {
    const { limiter, entered } = given({ concurrency: 1 });
    const controller = new AbortController();
    entered.watch("a", limiter.enter({ again: false }));
    await settled();

    const waiting = limiter.enter({ again: false, signal: controller.signal });
    controller.abort(new Error("enough"));

    await expect(waiting).rejects.toThrow("enough");
    entered.place("a").leave("ok");
    entered.watch("b", limiter.enter({ again: false }));
    await settled();
    expect(entered.names()).toEqual(["a", "b"]);
  });

  it("rejects at once when the signal is aborted already", async () => {
    const { limiter } = given({ concurrency: 1 });

    const entering = limiter.enter({ again: false, signal: AbortSignal.abort(new Error("over")) });

    await expect(entering).rejects.toThrow("over");
  });
});

function given({ concurrency }: { readonly concurrency: number }) {
  let nowMs = 0;
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const places = new Map<string, Place>();
  const limiter = createLimiter({
    concurrency,
    now: () => new Date(nowMs),
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ until: nowMs + ms, wake: resolve });
      }),
  });
  return {
    limiter,
    sleeps: {
      advance(ms: number) {
        nowMs += ms;
        for (const { until, wake } of sleepers) if (until <= nowMs) wake();
      },
    },
    entered: {
      watch: (name: string, entering: Promise<Place>) =>
        void entering.then((place) => places.set(name, place)),
      names: () => [...places.keys()],
      place(name: string): Place {
        const place = places.get(name);
        if (place === undefined) throw new Error(`${name} is not in`);
        return place;
      },
    },
  };
}

/** Lets every promise that can settle do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
