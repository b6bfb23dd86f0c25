import { existsSync } from "node:fs";
import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { BACKENDS } from "./backends.ts";
import { runScenario } from "./run-scenario.ts";
import { readScenarios } from "./scenario.ts";

/** Each run is a process of its own beside git and the server. */
const RUNS_AT_ONCE = 3;
const PATIENCE_MS = 600_000;

const MISSING = new Set(existsSync("src/commands/purge.ts") ? [] : ["purge"]);
const queue = new PQueue({ concurrency: RUNS_AT_ONCE });

describe.for(BACKENDS)("$name", ({ isRunnable, open }) => {
  let backend: Backend | undefined;
  beforeAll(async () => {
    if (isRunnable) backend = await open();
  });
  afterAll(() => backend?.[Symbol.asyncDispose]());

  for (const scenario of readScenarios()) {
    const isReady = isRunnable && scenario.needs.every((command) => !MISSING.has(command));
    const options = { concurrent: true, skip: !isReady, timeout: PATIENCE_MS };
    it(`${scenario.id}: ${scenario.about}`, options, async () => {
      if (backend === undefined) throw new Error("the repository's server did not come up");
      const on = backend;
      const wrong = await queue.add(() => runScenario(scenario, on));

      expect(wrong.join("\n")).toBe("");
    });
  }
});
