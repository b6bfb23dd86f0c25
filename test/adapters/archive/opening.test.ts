import { expect, it } from "vitest";

import { createOpening } from "../../../adapters/archive/opening.ts";
import type { Opening } from "../../../adapters/archive/opening.ts";

const GAVE_UP = new Error("gave up");

it("whoever gives up leaves the opening to the others", async () => {
  const { opening, openings } = slow();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = opening.get(first.signal);
  const other = opening.get(second.signal);

  first.abort(GAVE_UP);

  await expect(one).rejects.toBe(GAVE_UP);
  openings[0]?.resolve("opened");
  expect(await other).toBe("opened");
  expect(openings.map(({ signal }) => signal.aborted)).toEqual([false]);
});

it("what nobody waits for any more is ended, and begun again by the next one", async () => {
  const { opening, openings } = slow();
  const first = new AbortController();
  const one = opening.get(first.signal);

  first.abort(GAVE_UP);
  const next = opening.get(new AbortController().signal);

  await expect(one).rejects.toBe(GAVE_UP);
  expect(openings.map(({ signal }) => signal.aborted)).toEqual([true]);
  openings[0]?.reject(GAVE_UP);
  await expect.poll(() => openings.length).toBe(2);
  openings[1]?.resolve("opened again");
  expect(await next).toBe("opened again");
  expect(await opening.current()).toBe("opened again");
});

it("what opened though nobody waits for it any more is kept", async () => {
  const { opening, openings } = slow();
  const first = new AbortController();
  const one = opening.get(first.signal);
  first.abort(GAVE_UP);
  await expect(one).rejects.toBe(GAVE_UP);

  openings[0]?.resolve("opened");

  expect(await opening.get(new AbortController().signal)).toBe("opened");
  expect(await opening.end()).toBe("opened");
  expect(openings).toHaveLength(1);
});

it("a failure is told to all who wait, and is over then", async () => {
  const { opening, openings } = slow();
  const { signal } = new AbortController();
  const both = Promise.allSettled([opening.get(signal), opening.get(signal)]);
  const broken = new Error("broken");

  openings[0]?.reject(broken);

  const rejected = { status: "rejected", reason: broken };
  expect(await both).toEqual([rejected, rejected]);
  expect(opening.current()).toBe(undefined);
});

it("nothing is opened for who has given up before", async () => {
  const { opening, openings } = slow();

  const opened = opening.get(AbortSignal.abort(GAVE_UP));

  await expect(opened).rejects.toBe(GAVE_UP);
  expect(openings).toEqual([]);
  expect(await opening.end()).toBe(undefined);
});

interface Slow extends PromiseWithResolvers<string> {
  readonly signal: AbortSignal;
}

/** Opens when it is told to. */
function slow(): { opening: Opening<string>; openings: Slow[] } {
  const openings: Slow[] = [];
  const opening = createOpening((signal) => {
    const resolvers = Promise.withResolvers<string>();
    openings.push({ ...resolvers, signal });
    return resolvers.promise;
  });
  return { opening, openings };
}
