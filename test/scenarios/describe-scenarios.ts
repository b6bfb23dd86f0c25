import PQueue from "p-queue";
import { describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

const PATIENCE_MS = 600_000;

/** Where scenarios run, and which of them. */
export interface Place {
  readonly name: string;
  readonly isRunnable: boolean;
  /** A backend for one scenario. */
  readonly use: (scenario: Scenario) => Promise<Backend>;
  /** Called when the scenario is over. */
  readonly leave: (backend: Backend) => Promise<void>;
  readonly takes: (scenario: Scenario, at: number) => boolean;
}

/**
 * A test for every scenario in every place that takes it. The Git side of a scenario is made once, by the first of its
 * tests, which runs it in all of its places.
 *
 * @param atOnce Scenarios that run at the same time.
 */
export function describeScenarios(
  all: readonly Scenario[],
  places: readonly Place[],
  atOnce: number,
): void {
  const queue = new PQueue({ concurrency: atOnce });
  const scenarios = all.map((scenario, at) => {
    const takers = places.filter(({ isRunnable, takes }) => isRunnable && takes(scenario, at));
    let wrong: Promise<ReadonlyMap<string, readonly string[]>> | undefined;
    const run = (): NonNullable<typeof wrong> =>
      (wrong ??= queue.add(() => runEverywhere(scenario, takers)));
    return { scenario, at, run };
  });

  const used = places.filter(({ takes }) =>
    scenarios.some(({ scenario, at }) => takes(scenario, at)),
  );
  describe.for(used)("$name", ({ name, isRunnable, takes }) => {
    for (const { scenario, run } of scenarios.filter((one) => takes(one.scenario, one.at))) {
      const options = { concurrent: true, skip: !isRunnable, timeout: PATIENCE_MS };
      it(`${scenario.id}: ${scenario.about}`, options, async () => {
        const wrong = (await run()).get(name);

        expect(wrong?.join("\n")).toBe("");
      });
    }
  });
}

async function runEverywhere(
  scenario: Scenario,
  places: readonly Place[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const used = await Promise.all(
    places.map(async (place) => ({ place, backend: await place.use(scenario) })),
  );
  try {
    const wrong = await runScenario(
      scenario,
      used.map(({ backend }) => backend),
    );
    return new Map(places.map(({ name }, at) => [name, wrong[at] ?? []]));
  } finally {
    await Promise.all(used.map(({ place, backend }) => place.leave(backend)));
  }
}
