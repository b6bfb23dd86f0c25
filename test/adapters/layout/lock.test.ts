import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { temporaryPaths } from "../../../src/layout/durable.ts";
import { withLock } from "../../../src/layout/lock.ts";
import type { LockOptions } from "../../../src/layout/lock.ts";
import { currentOwner, formatOwner } from "../../../src/layout/owner.ts";

describe("withLock", () => {
  it("lets one in at a time", async () => {
    await using place = await options();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(2);
      inside -= 1;
    };

    await Promise.all(Array.from({ length: 8 }, () => withLock(place.lock, {}, work)));

    expect(most).toBe(1);
    expect(await readdir(place.path)).toEqual([]);
  });

  it.each(["process", "later process of the same number"])(
    "takes over the lock of a %s that is gone, once",
    async (kind) => {
      await using place = await options();
      const { machine, pid } = await currentOwner();
      const gone = kind === "process" ? await endedPid() : pid;
      const stale = `${formatOwner({ machine, pid: gone, started: "1" })}.a-0`;
      await writeFile(place.lock.path, stale);
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(2);
        inside -= 1;
      };

      await Promise.all(Array.from({ length: 6 }, () => withLock(place.lock, {}, work)));

      expect(most).toBe(1);
      expect(await readdir(place.path)).toEqual([]);
    },
  );

  it("gives up with one clear line when a live process holds it", async () => {
    await using place = await options({ waitMs: 10 });

    const inner = withLock(place.lock, {}, () => withLock(place.lock, {}, async () => undefined));

    await expect(inner).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`held by process ${process.pid} for more than 0.01 s`),
      hint: expect.stringContaining(place.lock.path),
    });
  });

  it("never takes over the lock of another machine", async () => {
    await using place = await options({ waitMs: 10 });
    const stale = formatOwner({ machine: "0".repeat(12), pid: await endedPid(), started: "1" });
    await writeFile(place.lock.path, `${stale}.a-0`);

    const entered = withLock(place.lock, {}, async () => undefined);

    await expect(entered).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("another machine"),
    });
  });

  it("stops waiting when aborted", async () => {
    await using place = await options();
    const abort = new AbortController();

    const inner = withLock(place.lock, {}, async () => {
      const waiting = withLock(place.lock, { signal: abort.signal }, async () => undefined);
      abort.abort(new Error("enough"));
      await waiting;
    });

    await expect(inner).rejects.toThrow("enough");
  });
});

async function options({ waitMs = 60_000 } = {}): Promise<
  AsyncDisposable & { readonly path: string; readonly lock: LockOptions }
> {
  const path = await mkdtemp(join(tmpdir(), "lock-"));
  const owner = await currentOwner();
  const temporaryPath = temporaryPaths(path, owner);
  return {
    path,
    lock: { who: "layout", path: join(path, "lock"), owner, temporaryPath, waitMs },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** The number of a process that ran and ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  const { pid } = child;
  await once(child, "close");
  if (pid === undefined) throw new Error("the process did not start");
  return pid;
}
