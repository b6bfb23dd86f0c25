import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { configJsonSchema } from "../../src/config/schema.ts";

it("is published as docs/config.schema.json (node test/config/write-schema.ts writes it)", async () => {
  const published: unknown = JSON.parse(await readFile("docs/config.schema.json", "utf8"));

  expect(published).toEqual(configJsonSchema());
});
