import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { lockOpened, tryKernelLock } from "../../../src/locks/local/kernel-lock.ts";

const alone = { shared: false };

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-lock-"));
  path = join(directory, "lock");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("a file that its holder removed after it was opened is no lock", async () => {
  const holder = await tryKernelLock(path, alone);
  const opened = await open(path, "a+");

  await holder?.release();

  expect(await lockOpened(path, opened, alone)).toBe("removed");
});

it("nor is one in whose place another file lies", async () => {
  const holder = await tryKernelLock(path, alone);
  const opened = await open(path, "a+");
  await holder?.release();
  const next = await tryKernelLock(path, alone);

  expect(await lockOpened(path, opened, alone)).toBe("removed");
  expect(await tryKernelLock(path, alone)).toBeUndefined();
  await next?.release();
});

it("a file that could not be removed is locked as it is", async () => {
  await (await open(path, "a+")).close();

  const lock = await tryKernelLock(path, alone);

  expect(lock).toBeDefined();
  await lock?.release();
});
