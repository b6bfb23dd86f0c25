import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  readLocalBlock,
  refuseMovedStages,
  writeLocalBlock,
} from "../../../src/commands/migrate/local-block.ts";

const BLOCK = { project: "shop", to: "reg.test/acme/shop", movedAt: "2026-01-10T00:00:00.000Z" };

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tidemark-block-"));
  path = join(root, "stages", "shop.moved.json");
});
afterEach(() => rm(root, { recursive: true }));

it("what was never moved is open", async () => {
  await refuseMovedStages(path);

  expect(await readLocalBlock(path)).toBeUndefined();
});

it("what moved is refused in one line that says where to, and how back", async () => {
  await writeLocalBlock(path, BLOCK);

  await expect(refuseMovedStages(path)).rejects.toMatchObject({
    guard: "local-stages",
    message: `the stages of project "shop" moved from :local to reg.test/acme/shop at ${BLOCK.movedAt}; name that instead of :local (to go back: delete ${path}, then \`tidemark stages sync --from reg.test/acme/shop --to :local\`)`,
  });
  expect(await readLocalBlock(path)).toEqual(BLOCK);
  expect(await readdir(join(root, "stages"))).toEqual(["shop.moved.json"]);
});

it.each(["", "{", "[]", '{"kind":"tidemark-local-block","schema":2}'])(
  "a block that says %j refuses too, since nobody knows what it stands for",
  async (text) => {
    await writeLocalBlock(path, BLOCK);
    await writeFile(path, text);

    await expect(refuseMovedStages(path)).rejects.toMatchObject({
      guard: "local-stages",
      message: expect.stringContaining(path),
    });
  },
);
