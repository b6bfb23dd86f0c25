import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OWN_PLACES, PLACES_OF_ALL } from "./own-places.ts";
import { modelRepository } from "./model.ts";
import { afterStep, readOwnScenarios, readScenarios, stepsOf } from "./scenario.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const commitOf = (id: string): string => `${id.charCodeAt(1)}`.padStart(40, "c");

const files = readOwnScenarios();
const scenarios = [...files.values()].flat();

describe("the scenarios of this project", () => {
  it("have names of their own", () => {
    const names = [...scenarios, ...readScenarios()].map(({ id }) => id);

    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it("run where something is", () => {
    const places = new Set(OWN_PLACES.map(({ name }) => name));
    const named = scenarios.flatMap(({ on = PLACES_OF_ALL }) => on);

    expect(named.filter((name) => !places.has(name))).toEqual([]);
  });

  it.each(scenarios)("say what becomes of every tag: $id", (scenario) => {
    let state = scenario;
    const gone: string[] = [];
    const silent = stepsOf(scenario).flatMap((step, at) => {
      state = afterStep(state, step);
      const model = modelRepository(state, START, { commitOf });
      const { kept, deleted, either, returned = [] } = step.expect;
      const said = [...kept, ...deleted, ...either, ...returned].flatMap((id) => model.tagsOf(id));
      const told = new Set([...said, ...gone, ...model.permanent]);
      gone.push(...deleted.flatMap((id) => model.tagsOf(id)));
      const tags = [...model.tags.keys()].filter((tag) => !told.has(tag));
      return tags.filter((tag) => !tag.startsWith("meta-")).map((tag) => `step ${at + 1}: ${tag}`);
    });

    expect(silent).toEqual([]);
  });

  it("are each in a table of the README, which names no other", () => {
    const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
    const rows = readme.split("\n").filter((line) => line.startsWith("|"));
    const named = rows.flatMap((row) =>
      [...row.matchAll(/\(own\/([^)]+)\.json\)/g)].map(([, name = ""]) => name),
    );

    expect(named.toSorted()).toEqual([...files.keys()].toSorted());
  });
});
