import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

/** Nothing but the greeting, a token and the listing that the cleanup begins with. */
const ASKED = new Set(["/v2/", "/token", "/v2/acme/shop/tags/list"]);

const BOT = { username: "bot", password: "pa55word-of-bot" };

it.each<[string, FakeAuth, RegExp]>([
  ["a missing login, by Basic", { kind: "basic", users: [BOT] }, /cannot list tags .*unauthorized/],
  [
    "a missing login, by Bearer",
    { kind: "bearer", users: [BOT] },
    /cannot list tags .*denied.*\ntidemark: Log in with `tidemark cr login /,
  ],
])(
  "%s ends a cleanup before Git is read, in as many requests as it takes",
  async (_, auth, why) => {
    await using world = await openWorld({ fake: { auth } });
    const dir = await projectWithoutGit(world);

    const run = await world.runRaw([
      "cleanup",
      "--quiet",
      "--repo",
      world.address,
      "--dir",
      dir,
      "--without-kube",
    ]);

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    expect(run.stderr).toMatch(new RegExp(`^tidemark: ${world.registry.host}: ${why.source}`));
    expect(run.stderr.split("\n").length - 1).toBe(2);
    const paths = world.registry.requests().map(({ path }) => path.split("?")[0]);
    expect(paths.filter((path) => path === "/v2/")).toHaveLength(1);
    expect(paths.filter((path) => !ASKED.has(path ?? ""))).toEqual([]);
  },
);

it("a host that is not there ends a cleanup before Git is read", async () => {
  await using world = await openWorld();
  const dir = await projectWithoutGit(world);
  const gone = await createFakeRegistry().listen();
  await gone.close();

  const run = await world.runRaw([
    "cleanup",
    "--quiet",
    "--repo",
    `${gone.host}/acme/shop`,
    "--dir",
    dir,
    "--without-kube",
  ]);

  expect(run).toMatchObject({ exit: 3, stdout: "" });
  expect(run.stderr).toMatch(/^tidemark: .*cannot list tags .*ECONNREFUSED.*\n$/);
});

/** Reading its history would fail, and say so. */
async function projectWithoutGit(world: World): Promise<string> {
  const dir = join(world.root, "no-git");
  await mkdir(dir);
  await writeFile(join(dir, "werf.yaml"), await readFile(join(world.clone, "werf.yaml")));
  return dir;
}
