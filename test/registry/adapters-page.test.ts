import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import { adaptersPage } from "./adapters-page.ts";

it("every part of docs/adapters.md is what `npm run docs:adapters` writes", async () => {
  const page = await readFile("docs/adapters.md", "utf8");

  const written = partsOf(page);
  const wanted = partsOf(await adaptersPage(page, adapters));

  expect([...written.keys()]).toEqual([...wanted.keys()]);
  expect([...wanted].flatMap(([part, text]) => (written.get(part) === text ? [] : [part]))).toEqual(
    [],
  );
});

it("the page names every implementation and every option", async () => {
  const page = await readFile("docs/adapters.md", "utf8");
  const names = adapters.flatMap(({ id, options }) => [
    `\n## ${id}: `,
    ...options.map(({ name }) => `\`--repo-${name}`),
  ]);

  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});

/** By heading, without what the formatter adds to tables. */
function partsOf(page: string): ReadonlyMap<string, string> {
  const text = page.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");
  return new Map(text.split(/^(?=## )/m).map((part) => [part.split("\n", 1)[0] ?? "", part]));
}
