import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import { adaptersPage } from "./adapters-page.ts";

it("docs/adapters.md is what `npm run docs:adapters` writes", async () => {
  const page = await readFile("docs/adapters.md", "utf8");

  expect(unaligned(page)).toBe(unaligned(await adaptersPage(page, adapters)));
});

it("names every implementation, every option and every field", async () => {
  const page = await readFile("docs/adapters.md", "utf8");

  for (const { id, options } of adapters) {
    expect(page).toContain(`\n## ${id}: `);
    for (const { name } of options) expect(page).toContain(`\`--repo-${name}`);
  }
});

/** Without what the formatter adds to tables. */
function unaligned(page: string): string {
  return page.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");
}
