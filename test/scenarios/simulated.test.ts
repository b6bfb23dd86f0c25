import { afterAll } from "vitest";
import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { SIMULATED } from "./backends.ts";
import { describeScenarios } from "./describe-scenarios.ts";
import type { Place } from "./describe-scenarios.ts";
import { gitThrough } from "./git.ts";
import { startCliProcess } from "./cli-process.ts";
import { runCliBy } from "./run-cli.ts";
import { readScenarios } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** While one waits for git, another computes. */
const SCENARIOS_AT_ONCE = 2;

/** Outside `.ci/run` each registry but the first takes every so many scenarios, another share than its neighbours. */
const SHARE = peersAreRequired() ? 1 : 5;

const cliProcess = startCliProcess();
gitThrough(cliProcess);
afterAll(() => cliProcess[Symbol.asyncDispose]());

const places = SIMULATED.map(({ name, isRunnable, open }, index): Place => ({
  name,
  isRunnable,
  use: async () => ({ ...(await open()), run: runCliBy(cliProcess) }),
  leave: async (backend) => backend[Symbol.asyncDispose](),
  takes: (scenario, at) => index === 0 || (at + index) % SHARE === 0 || sharesADigest(scenario),
}));

describeScenarios(readScenarios(), places, SCENARIOS_AT_ONCE);

/** Two tags on one digest, the hardest thing to ask of a registry: asked of every one of them. */
function sharesADigest({ registry: { stages = [], foreign = [] } }: Scenario): boolean {
  const isShared = stages.some(({ sameManifestAs }) => sameManifestAs !== undefined);
  return isShared || foreign.some((one) => "sameDigestAs" in one);
}
