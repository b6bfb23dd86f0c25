import { openPusher } from "../../contract-tests/servers/push.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { mapParallel } from "../../src/commands/parallel.ts";
import { atLeast, ratio } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { runWorker } from "../worker.ts";
import type { Numbers } from "../worker.ts";
import { REPOSITORY, images } from "./content.ts";
import { CONCURRENCY } from "./loader.ts";

const ROUNDS = 5;
const BUDGET = 0.9;

/** Our reading against a bare loader's on docker-registry, in turns, best of five each. */
export async function measureRates(): Promise<readonly Figure[]> {
  await using server = await startServer({ kind: "docker-registry" });
  await using pusher = openPusher(server);
  await mapParallel(images(), 8, ({ tag, image }) => pusher.push(REPOSITORY, image, [tag]));
  const bare: Numbers[] = [];
  const ours: Numbers[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await runWorker(new URL("bare.ts", import.meta.url), [server.host]));
    ours.push(await runWorker(new URL("ours.ts", import.meta.url), [server.host]));
  }
  const best = (runs: readonly Numbers[], name: string): number =>
    Math.max(...runs.map((numbers) => numbers(name)));
  const least = (runs: readonly Numbers[], name: string): number =>
    Math.min(...runs.map((numbers) => numbers(name)));
  const figures = (what: string, name: string): Figure[] => {
    const rates = [best(ours, `${name}PerSecond`), best(bare, `${name}PerSecond`)] as const;
    const costs = [ours, bare].map((runs) => least(runs, `${name}Microseconds`).toFixed(0));
    return [
      atLeast(
        `${what}, ${CONCURRENCY} at a time: ours to a bare loader's`,
        rates[0] / rates[1],
        BUDGET,
        ratio,
      ),
      {
        work: `${what}: rate, and CPU a request, ours and bare`,
        figure: `${rates.map((rate) => rate.toFixed(0)).join(" and ")} /s, ${costs.join(" and ")} µs`,
      },
    ];
  };
  return [...figures("HEAD by tag", "head"), ...figures("GET manifest and config", "read")];
}
