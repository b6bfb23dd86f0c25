import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GROUNDS } from "./grounds.ts";
import { openKillWorld } from "./kill-world.ts";
import { countRequests, killOnce } from "./killed.ts";

/** For each kind of target; `run-many.ts` takes as many as it is told. */
const POINTS = 2;

let world: Awaited<ReturnType<typeof openKillWorld>>;
beforeAll(async () => {
  world = await openKillWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe.for(GROUNDS)("killed on the way to $name", (ground) => {
  it("a migration that is run again ends where an undisturbed one does", async () => {
    const requests = await countRequests(world, ground);
    const wrong: string[] = [];
    for (let point = 0; point < POINTS; point += 1) {
      const victim = Math.floor(Math.random() * requests);
      const lines = await killOnce(world, ground, victim);
      wrong.push(...lines.map((line) => `at request ${victim} of ${requests}: ${line}`));
    }
    expect(wrong).toEqual([]);
  });
});
