import { afterAll, beforeAll } from "vitest";
import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import type { Backend } from "./backend.ts";
import { REAL } from "./backends.ts";
import { describeScenarios } from "./describe-scenarios.ts";
import { readScenarios } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Each run is a process of its own beside git and the server. */
const RUNS_AT_ONCE = 3;

const opened = new Map<string, Backend>();

beforeAll(async () => {
  for (const { name, isRunnable, open } of REAL) if (isRunnable) opened.set(name, await open());
});
afterAll(async () => {
  for (const backend of opened.values()) await backend[Symbol.asyncDispose]();
});

/** Outside `.ci/run` each takes every so many scenarios; all of them run on simulated registries. */
const SHARE = peersAreRequired() ? 1 : 3;

const places = REAL.map(({ name, isRunnable }, index) => ({
  name,
  isRunnable,
  async use(): Promise<Backend> {
    const backend = opened.get(name);
    if (backend === undefined) throw new Error("the repository's server did not come up");
    return backend;
  },
  leave: async () => undefined,
  takes: (_: Scenario, at: number) => (at + index) % SHARE === 0,
}));

describeScenarios(readScenarios(), places, RUNS_AT_ONCE);
