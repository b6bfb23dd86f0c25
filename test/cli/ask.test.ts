import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { HostProcess } from "../../src/cli/host.ts";
import { GIT_ENV } from "../scenarios/git.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

it("a purge on a terminal goes on when a person types yes", async () => {
  const { exit, stderr } = await purgeWith("yes\n");

  expect(exit).toBe(0);
  expect(stderr).toContain(`${world.address}: 7 tags go, 1 stay`);
  expect(Object.keys(world.tags())).toEqual(["notes"]);
});

it.each(["y\n", "\n", "no\n"])(
  "a purge on a terminal stops at %j, with nothing changed",
  async (word) => {
    const { exit, stderr } = await purgeWith(word);

    expect(exit).toBe(4);
    expect(stderr).toContain("nothing was changed");
    expect(world.mutations()).toEqual([]);
  },
);

it("a purge on a terminal stops when the terminal goes away", async () => {
  const { exit } = await purgeWith(undefined);

  expect(exit).toBe(4);
  expect(world.mutations()).toEqual([]);
});

/** @param typed What a person types; absent: the terminal is closed. */
async function purgeWith(typed: string | undefined): Promise<{ exit: number; stderr: string }> {
  const written: string[] = [];
  const input = new PassThrough();
  const stdin = Object.assign(input, { isTTY: true });
  const sink = (isTTY: boolean): HostProcess["stdout"] => ({
    isTTY,
    columns: 80,
    write(text) {
      if (isTTY) written.push(text);
      if (!text.includes("to go on:")) return;
      if (typed === undefined) input.end();
      else input.write(typed);
    },
  });
  const where = ["--repo", world.address, "--dir", world.clone, "--without-kube"];
  const process: HostProcess = {
    argv: ["node", "tidemark", "purge", ...where, "--output", "json"],
    env: { ...GIT_ENV, HOME: world.root },
    pid: 0,
    stdout: sink(false),
    stderr: sink(true),
    stdin,
    on: () => undefined,
    off: () => undefined,
    kill: () => undefined,
  };
  await main(process);
  return { exit: Number(process.exitCode ?? 0), stderr: written.join("") };
}
