import { expect, it } from "vitest";

import { sayOnce } from "../../src/server/say-once.ts";

it("says the same line again only after a while, and another one at once", () => {
  const said: string[] = [];
  let now = 0;
  const say = sayOnce((line) => said.push(line), { everyMs: 100, now: () => now });

  for (const [at, line] of [
    [0, "a"],
    [99, "a"],
    [100, "a"],
    [101, "b"],
    [102, "a"],
  ] as const) {
    now = at;
    say(line);
  }

  expect(said).toEqual(["a", "a", "b", "a"]);
});
