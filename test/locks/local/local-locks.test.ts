import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openFileLocks } from "../../../src/locks/local/file-locks.ts";
import type { TryFileLock } from "../../../src/locks/local/file-locks.ts";
import { openLocalLocks } from "../../../src/locks/local/local-locks.ts";
import type { AcquireOptions, LockManager } from "../../../src/locks/lock.ts";

const NAME = `shop.${"0".repeat(56)}`;

let directory: string;
let locks: LockManager;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-locks-"));
  locks = openLocalLocks(join(directory, "locks"));
});
afterEach(async () => {
  await locks[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

it("one holder at a time has a lock, and the next one gets it after the release", async () => {
  const first = await locks.acquire(NAME, patience(0));
  const refused = locks.acquire(NAME, patience(0));

  await expect(refused).rejects.toMatchObject({ name: "LockError", code: "busy" });
  await expect(refused).rejects.toThrow("another process on this machine holds it");

  const waiting = locks.acquire(NAME, patience(10_000));
  await first.release();
  expect((await waiting).name).toBe(NAME);
});

it("a lock of another name is another lock", async () => {
  await locks.acquire(NAME, patience(0));

  await expect(locks.acquire(`${NAME}1`, patience(0))).resolves.toBeDefined();
});

it("shared holders have it together, and keep an exclusive one out until the last has released", async () => {
  const one = await locks.acquire(NAME, { ...patience(0), shared: true });
  const two = await locks.acquire(NAME, { ...patience(0), shared: true });

  await one.release();
  await expect(locks.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });
  await two.release();
  await expect(locks.acquire(NAME, patience(0))).resolves.toBeDefined();
});

it("a held lock lasts until its release, which may come twice", async () => {
  const lock = await locks.acquire(NAME, patience(0));

  expect(lock.remainingMs()).toBe(Number.POSITIVE_INFINITY);
  await lock.release();
  await lock.release();
  expect(lock.remainingMs()).toBe(0);
  expect(lock.signal.aborted).toBe(false);
});

it("released locks leave no file behind", async () => {
  const shared = await locks.acquire(NAME, { ...patience(0), shared: true });
  const alone = await locks.acquire("other", patience(0));
  await Promise.all([shared.release(), alone.release()]);

  expect(await readdir(join(directory, "locks"))).toEqual([]);
});

it("whoever disposes of the locks frees those that are held", async () => {
  await locks.acquire(NAME, patience(0));
  await locks[Symbol.asyncDispose]();

  await expect(locks.acquire(NAME, patience(0))).resolves.toBeDefined();
});

it("an aborted wait rejects with the reason of the signal", async () => {
  await locks.acquire(NAME, patience(0));
  const abort = new AbortController();
  const waiting = locks.acquire(NAME, { waitMs: 60_000, signal: abort.signal });

  abort.abort(new Error("enough"));

  await expect(waiting).rejects.toThrow("enough");
});

it("a directory that takes no locks makes them unavailable, and says where it is", async () => {
  await using broken = openLocalLocks("/dev/null/locks");
  const acquiring = broken.acquire(NAME, patience(0));

  await expect(acquiring).rejects.toMatchObject({ code: "unavailable" });
  await expect(acquiring).rejects.toThrow("/dev/null/locks");
});

describe("where the kernel's locks cannot be loaded", () => {
  const open = (): Promise<TryFileLock> =>
    openFileLocks(() => Promise.reject(new Error("no binary for musl")));

  it("one holder at a time has a lock, and the next one gets it after the release", async () => {
    const [one, other] = [openLocalLocks(directory, open), openLocalLocks(directory, open)];
    const first = await one.acquire(NAME, patience(0));
    await expect(other.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });
    const waiting = other.acquire(NAME, patience(10_000));

    await first.release();

    await (await waiting).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it("a lock whose holder died is free", async () => {
    await using other = openLocalLocks(directory, open);
    const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const { pid = 0 } = holder;
    const first = await other.acquire(NAME, patience(0));
    const [file = ""] = await readdir(directory);
    const path = join(directory, file);
    const text = await readFile(path, "utf8");
    await first.release();
    const { started: _, ...dead } = JSON.parse(text);
    await writeFile(path, `${JSON.stringify({ ...dead, pid })}\n`);
    await expect(other.acquire(NAME, patience(0))).rejects.toMatchObject({ code: "busy" });

    holder.kill("SIGKILL");
    await once(holder, "exit");

    await expect(other.acquire(NAME, patience(0))).resolves.toBeDefined();
  });
});

it("is held by one at a time, however many files come and go under them", async () => {
  const managers = Array.from({ length: 8 }, () => openLocalLocks(join(directory, "locks")));
  let inside = 0;
  let most = 0;
  await Promise.all(
    managers.map(async (manager) => {
      for (let round = 0; round < 25; round += 1) {
        const lock = await manager.acquire(NAME, patience(60_000));
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        inside -= 1;
        await lock.release();
      }
    }),
  );

  expect(most).toBe(1);
});

function patience(waitMs: number): AcquireOptions {
  return { waitMs, signal: AbortSignal.timeout(60_000) };
}
