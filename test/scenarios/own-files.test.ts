import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OWN_PLACES, PLACES_OF_ALL } from "./own-places.ts";
import { readOwnScenarios, readScenarios } from "./scenario.ts";

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

  it("are each in a table of the README, which names no other", () => {
    const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
    const rows = readme.split("\n").filter((line) => line.startsWith("|"));
    const named = rows.flatMap((row) =>
      [...row.matchAll(/\(own\/([^)]+)\.json\)/g)].map(([, name = ""]) => name),
    );

    expect(named.toSorted()).toEqual([...files.keys()].toSorted());
  });
});
