import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it } from "vitest";

import { openLocalLocks } from "../../../src/locks/local/local-locks.ts";

const NAME = `shop.${"0".repeat(56)}`;

const HOLDER = fileURLToPath(new URL("./holder-process.ts", import.meta.url));
const COUNTER = fileURLToPath(new URL("./counting-process.ts", import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-locks-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("a process that is killed while it holds a lock frees it", async () => {
  const holder = start(HOLDER, directory, NAME);
  await once(holder.stdout ?? holder, "data");
  await using locks = openLocalLocks(directory);
  const signal = AbortSignal.timeout(60_000);
  await expect(locks.acquire(NAME, { waitMs: 0, signal })).rejects.toMatchObject({ code: "busy" });

  const ended = once(holder, "exit");
  holder.kill("SIGKILL");
  await ended;

  await (await locks.acquire(NAME, { waitMs: 0, signal })).release();
  expect(await readdir(directory)).toEqual([]);
});

it("processes that do the same exclude each other", async () => {
  const file = join(directory, "count");
  await writeFile(file, "0");
  const processes = Array.from({ length: 4 }, () =>
    start(COUNTER, join(directory, "locks"), file, "25"),
  );

  const codes = await Promise.all(processes.map(async (one) => (await once(one, "exit"))[0]));

  expect(codes).toEqual([0, 0, 0, 0]);
  expect(await readFile(file, "utf8")).toBe("100");
});

function start(program: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}
