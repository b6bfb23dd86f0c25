import { existsSync, readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { adapters } from "../adapters/index.ts";
import { capabilities } from "../adapters/default/capabilities.ts";
import { VENDORS } from "./vendors/index.ts";

const IDS = adapters.map(({ id }) => id);

/** These have something real to run on: any server, and any directory. */
const REAL = ["archive", "layout", "default"];

it.each(IDS)("the adapter %s is held to the contract", (id) => {
  const file = new URL(`adapters/${id}.test.ts`, import.meta.url);

  const text = existsSync(file) ? readFileSync(file, "utf8") : "";

  expect(text).toContain("await describeRegistryContract(");
});

it("every adapter without a server to run is simulated, in the order of the table", () => {
  const simulated = VENDORS.map(({ id }) => id);

  expect(simulated).toEqual(IDS.filter((id) => !REAL.includes(id)));
});

it.each(VENDORS)("the simulated $id opens the adapter of the table", async ({ id, load }) => {
  const entry = adapters.find((adapter) => adapter.id === id);

  expect(await load()).toBe(await entry?.load());
});

it.each(VENDORS)("the adapter $id says for its users what they have to know", ({ id }) => {
  const file = new URL(`../adapters/${id}/README.md`, import.meta.url);

  const text = existsSync(file) ? readFileSync(file, "utf8") : "";

  expect(text.split("\n")[0]).toMatch(new RegExp(`^# \\\`?${id}\\b`));
  const words = [/address|host/i, /credential|right|permission/i, /delet/i, /test/i];
  expect(words.filter((word) => !word.test(text))).toEqual([]);
});

it.each(Object.keys(capabilities))("the suite looks at the field %s of the record", (field) => {
  const folder = new URL("suite/", import.meta.url);
  const files = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));

  expect(files.some((text) => new RegExp(`\\b${field}\\b`).test(text))).toBe(true);
});
