import { parseArgs } from "node:util";
import { GROUNDS } from "./grounds.ts";
import { openKillWorld } from "./kill-world.ts";
import { countRequests, killOnce } from "./killed.ts";

/** `run-many.ts --points 30`: kills as many runs to each kind of target, and prints what was wrong after the next one. */
const { values } = parseArgs({ options: { points: { type: "string", default: "30" } } });
await using world = await openKillWorld();
let wrong = 0;
for (const ground of GROUNDS) {
  const requests = await countRequests(world, ground);
  for (let point = 0; point < Number(values.points); point += 1) {
    const victim = Math.floor(((point + Math.random()) / Number(values.points)) * requests);
    for (const line of await killOnce(world, ground, victim)) {
      wrong += 1;
      process.stdout.write(`${ground.name}, at request ${victim} of ${requests}: ${line}\n`);
    }
  }
  process.stdout.write(`${ground.name}: ${values.points} runs killed, ${requests} requests each\n`);
}
process.exitCode = wrong === 0 ? 0 : 1;
