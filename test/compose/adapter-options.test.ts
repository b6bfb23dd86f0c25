import { describe, expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import {
  adapterOptions,
  implementationIds,
  optionValues,
  unusedOptions,
} from "../../src/compose/adapter-options.ts";
import type { RoleAccess } from "../../src/compose/adapter-options.ts";
import type { AdapterEntry, AdapterOption } from "../../src/registry/adapter.ts";

const TOKEN: AdapterOption = {
  name: "harbour-token",
  about: "token of the harbour",
  value: "token",
  env: ["HARBOUR_TOKEN", "CI_TOKEN"],
};
const FAST: AdapterOption = { name: "fast", about: "hurry" };
const HARBOUR = entry("harbour", [TOKEN, FAST]);
const PIER = entry("pier", [FAST]);

it("options of one name are offered once, with the adapters that take them", () => {
  expect(adapterOptions([HARBOUR, PIER])).toEqual([
    { ...TOKEN, adapters: ["harbour"] },
    { ...FAST, adapters: ["harbour", "pier"] },
  ]);
});

it("an adapter is told its own options, and no other's", () => {
  const access = given({ "harbour-token": "t0ken", fast: "true" });

  expect(optionValues(HARBOUR, access, {})).toEqual({ "harbour-token": "t0ken", fast: "true" });
  expect(optionValues(PIER, access, {})).toEqual({ fast: "true" });
});

it.each([
  [{ "harbour-token": "given" }, { HARBOUR_TOKEN: "own", CI_TOKEN: "ci" }, "given"],
  [{}, { HARBOUR_TOKEN: "own", CI_TOKEN: "ci" }, "own"],
  [{}, { HARBOUR_TOKEN: "", CI_TOKEN: "ci" }, "ci"],
  [{}, { HARBOUR_TOKEN: "" }, undefined],
])("%j with %j gives %s", (options, env, value) => {
  expect(optionValues(HARBOUR, given(options), env)["harbour-token"]).toBe(value);
});

it("options of an adapter that was not chosen are named in one line, without their values", () => {
  const text = unusedOptions(PIER, given({ "harbour-token": "t0ken", fast: "true" }), "reg.test");

  expect(text).toBe(
    '--repo-harbour-token: not used, since "pier" serves reg.test; --repo-implementation chooses another one',
  );
});

it("nothing is said when every option is used", () => {
  expect(unusedOptions(HARBOUR, given({ fast: "true" }), "reg.test")).toBeUndefined();
});

describe("the options of the table", () => {
  it("every implementation is named", () => {
    expect(implementationIds()).toEqual(adapters.map(({ id }) => id));
  });

  it.each(adapters.filter(({ options }) => options.length > 0))("$id names them alike", (each) => {
    for (const { name, about, value, env = [] } of each.options) {
      expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      expect(about).toMatch(/^[^\n]*[^\n.]$/);
      expect(value ?? "value").toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      for (const variable of env) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
    }
  });

  it("those of one name are of one kind", () => {
    const all = adapters.flatMap(({ options }) => options);
    const kinds = new Map(all.map(({ name, value }) => [name, value]));

    expect(all.filter(({ name, value }) => kinds.get(name) !== value)).toEqual([]);
  });

  it("none takes the name of an option that every role has", () => {
    const names = adapterOptions().map(({ name }) => name);

    expect(names).not.toContain("implementation");
    expect(names).not.toContain("container-registry");
  });
});

function given(options: Readonly<Record<string, string>>): RoleAccess {
  return { role: "repo", implementation: undefined, options };
}

function entry(id: string, options: readonly AdapterOption[]): AdapterEntry {
  return {
    id,
    detect: () => false,
    options,
    load: () => Promise.reject(new Error("not loaded")),
  };
}
