import { afterAll } from "vitest";
import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { Backend } from "./backend.ts";
import { describeScenarios } from "./describe-scenarios.ts";
import type { Place } from "./describe-scenarios.ts";
import { gitThrough } from "./git.ts";
import { startCliProcess } from "./cli-process.ts";
import { OWN_PLACES, PLACES_OF_ALL } from "./own-places.ts";
import { runCliBy } from "./run-cli.ts";
import { readOwnScenarios } from "./scenario.ts";

/** While one waits for git, another computes. */
const SCENARIOS_AT_ONCE = 2;

/** Outside `.ci/run` each place takes every so many of the scenarios that are for all places. */
const SHARE = peersAreRequired() ? 1 : 2;

const cliProcess = startCliProcess();
gitThrough(cliProcess);
const servers = new Map<string, Promise<Backend>>();
afterAll(async () => {
  for (const server of servers.values()) await (await server)[Symbol.asyncDispose]();
  await cliProcess[Symbol.asyncDispose]();
});

const places = OWN_PLACES.map(({ name, isRunnable, open, isShared }): Place => ({
  name,
  isRunnable,
  async use(scenario) {
    if (!isShared) return { ...(await open(scenario)), run: runCliBy(cliProcess) };
    const server = servers.get(name) ?? open(scenario);
    servers.set(name, server);
    return { ...(await server), run: runCliBy(cliProcess) };
  },
  leave: async (backend) => (isShared ? undefined : backend[Symbol.asyncDispose]()),
  takes({ on = PLACES_OF_ALL }, at) {
    const share = on === PLACES_OF_ALL ? SHARE : 1;
    return on.includes(name) && (at + on.indexOf(name)) % share === 0;
  },
}));

describeScenarios([...readOwnScenarios().values()].flat(), places, SCENARIOS_AT_ONCE);
