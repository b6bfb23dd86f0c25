import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { adapters } from "../adapters/index.ts";

it.each(adapters.map(({ id }) => id))("the adapter %s is held to the contract", (id) => {
  const file = new URL(`adapters/${id}.test.ts`, import.meta.url);

  expect(existsSync(file)).toBe(true);
});
