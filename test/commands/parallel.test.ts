import { expect, it } from "vitest";
import { mapParallel } from "../../src/commands/parallel.ts";

it("answers in the order of the items, whatever ends first", async () => {
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const answers = mapParallel([0, 1], 2, (at) => gates[at]?.promise ?? Promise.resolve(""));

  gates[1]?.resolve("second");
  gates[0]?.resolve("first");

  expect(await answers).toEqual(["first", "second"]);
});

it("runs no more at a time than the limit", async () => {
  let running = 0;
  let most = 0;

  await mapParallel([1, 2, 3, 4, 5, 6, 7], 3, async () => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  });

  expect(most).toBe(3);
});

it("after a failure begins nothing more, and waits for what has begun", async () => {
  const begun: number[] = [];
  const slow = Promise.withResolvers<void>();
  const work = mapParallel([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error("no");
    await slow.promise;
    begun.push(-item);
  });

  slow.resolve();

  await expect(work).rejects.toThrow("no");
  expect(begun).toEqual([0, 1, -1]);
});

it("answers nothing for no items", async () => {
  expect(await mapParallel([], 4, () => Promise.resolve(1))).toEqual([]);
});
