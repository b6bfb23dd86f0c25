import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { openWorld } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

const BOT = { username: "bot", password: "pa55word-of-bot" };

it("logs in with docker's config.json", async () => {
  await using world = await openWorld({ fake: { auth: { kind: "basic", users: [BOT] } } });
  const env = await loginAs(world, BOT);

  const run = await world.run(["cleanup", "--quiet", "--output", "json"], { env });

  expect(run.exit).toBe(0);
  expect(world.tags()).not.toHaveProperty(world.tag("s1"));
});

it.each<[string, FakeAuth]>([
  ["Basic", { kind: "basic", users: [BOT] }],
  ["Bearer", { kind: "bearer", users: [BOT] }],
])("a wrong password is told in one line, with what to do, by %s", async (_, auth) => {
  await using world = await openWorld({ fake: { auth } });
  const before = world.tags();
  const env = await loginAs(world, { username: "bot", password: "a-wrong-password" });

  const run = await world.run(["cleanup", "--quiet"], { env });

  expect(run).toMatchObject({ exit: 3, stdout: "" });
  expect(lines(run.stderr)).toEqual([
    expect.stringContaining(`tidemark: ${world.registry.host}: cannot `),
    expect.stringContaining(`tidemark: Log in with \`tidemark cr login ${world.registry.host}\``),
  ]);
  expect(run.stderr).toContain("unauthorized");
  expect(run.stderr).not.toContain("a-wrong-password");
  expect(world.tags()).toEqual(before);
});

it.each<[string, NonNullable<WorldSpec["fake"]>, RegExp]>([
  [
    "whose token lacks the right",
    { auth: { kind: "bearer", users: [{ ...BOT, rights: ["pull", "push"] }] } },
    /cannot delete .*: denied/,
  ],
  [
    "whose user lacks the right",
    { auth: { kind: "basic", users: [{ ...BOT, rights: ["pull", "push"] }] } },
    /cannot delete .*: denied/,
  ],
  [
    "with deletion switched off",
    { auth: { kind: "none" }, manifestDeletion: "405", tagDeletion: "405" },
    /cannot delete .*: unsupported/,
  ],
])("a registry %s ends the run before anything is changed", async (_, fake, why) => {
  await using world = await openWorld({ fake });
  const before = world.tags();
  const env = await loginAs(world, BOT);

  const run = await world.run(["cleanup", "--quiet"], { env });

  expect(run).toMatchObject({ exit: 3, stdout: "" });
  expect(lines(run.stderr)).toEqual([
    expect.stringMatching(why),
    expect.stringMatching(/^tidemark: .*\.$/),
  ]);
  expect(world.tags()).toEqual(before);
  expect(new Set(world.mutations()).size).toBe(1);
});

it("an unreadable config.json is named, and its content is not shown", async () => {
  await using world = await openWorld({ fake: { auth: { kind: "basic", users: [BOT] } } });
  const dir = join(world.root, "docker");
  await mkdir(dir);
  await writeFile(join(dir, "config.json"), '{"auths": {"pa55word-of-bot"');

  const run = await world.run(["cleanup", "--quiet", "--docker-config", dir]);

  expect(run.exit).toBeGreaterThan(0);
  expect(run.stderr).toContain(join(dir, "config.json"));
  expect(run.stderr).not.toContain("pa55word-of-bot");
});

async function loginAs(
  world: World,
  { username, password }: typeof BOT,
): Promise<Record<string, string>> {
  const dir = join(world.root, "docker");
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  await mkdir(dir);
  const auths = { [world.registry.host]: { auth } };
  await writeFile(join(dir, "config.json"), JSON.stringify({ auths }));
  return { DOCKER_CONFIG: dir };
}

function lines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
