import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openWorld, stage } from "./world.ts";

it("a copy of a primary repository that has no stages loses none, though one of its own stays", async () => {
  await using world = await openWorld({
    registry: { stages: [stage("s1"), stage("s2"), stage("s3")] },
  });
  const final = world.other("acme/shop-final");
  for (const id of ["s1", "s2", "s3"]) final.copy(world.tag(id));
  const mistyped = world.other("acme/shpo");
  const keep = join(world.root, "keep");
  await writeFile(keep, `${world.tag("s1")}\n`);
  const clean = ["cleanup", "--repo", mistyped.address, "--dir", world.clone, "--without-kube"];
  const roles = ["--final-repo", final.address, "--keep-list", keep, "--quiet"];

  const run = await world.runRaw([...clean, ...roles]);

  expect(run).toMatchObject({ exit: 4, stdout: "" });
  expect(run.stderr).toContain(`${final.address}: `);
  expect(run.stderr).toContain("--allow nothing-kept");
  expect(world.mutations()).toEqual([]);

  const allowed = await world.runRaw([...clean, ...roles, "--allow", "nothing-kept"]);

  expect(allowed.exit).toBe(0);
  expect(Object.keys(final.tags())).toEqual([world.tag("s1")]);
});
