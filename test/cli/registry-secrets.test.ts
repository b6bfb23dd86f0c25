import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { adapterOptions } from "../../src/compose/adapter-options.ts";
import { openWorld } from "./world.ts";

const OPTIONS = adapterOptions().filter(({ value }) => value !== undefined);
const SECRET = "s3cret-of-somebody";

it("options of implementations that were not chosen are named in one line, and no value is shown or kept", async () => {
  await using world = await openWorld();
  const plan = join(world.root, "plan.json");
  const journal = join(world.root, "journal");

  const run = await world.run([
    "cleanup",
    "--verbose",
    "--plan-out",
    plan,
    "--journal",
    journal,
    ...OPTIONS.flatMap(({ name }) => [`--repo-${name}`, SECRET]),
  ]);

  const written = await Promise.all(
    (await readdir(journal)).map((name) => readFile(join(journal, name), "utf8")),
  );
  expect(run.exit).toBe(0);
  expect(run.stderr.split("\n").filter((line) => line.startsWith("warning: --repo-"))).toEqual([
    `warning: ${OPTIONS.map(({ name }) => `--repo-${name}`).join(", ")}: not used, since "default" serves ${world.registry.host}; --repo-implementation chooses another one`,
  ]);
  expect(written.length).toBeGreaterThan(0);
  for (const text of [run.stdout, run.stderr, await readFile(plan, "utf8"), ...written]) {
    expect(text).not.toContain(SECRET);
  }
});
