import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { tryLockFile } from "../../src/locks/lock-file.ts";
import type { LockAttempt } from "../../src/locks/lock-file.ts";
import type { LeaseHolder } from "../../src/stages/lease.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tidemark-lock-"));
  path = join(directory, "locks", "shop.lock");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const dead = new Set<string>();
const isGone = ({ run }: LeaseHolder): Promise<boolean> => Promise.resolve(dead.has(run));

it("is taken by one run at a time", async () => {
  const first = await attempt("1");

  expect(first.kind).toBe("taken");
  expect(await attempt("2")).toMatchObject({ kind: "busy", path, holder: holderOf("1") });
});

it("is free after its release, and leaves no file", async () => {
  const first = await attempt("1");
  if (first.kind === "taken") await first.lock.release();

  expect(await readdir(join(directory, "locks"))).toEqual([]);
  expect((await attempt("2")).kind).toBe("taken");
});

it("of a dead process is taken over, and the dead one's release takes nothing away", async () => {
  const first = await attempt("3");
  dead.add("3");

  const second = await attempt("4");

  expect(second.kind).toBe("taken");
  if (first.kind !== "taken" || second.kind !== "taken") return;
  expect(await first.lock.isHeld()).toBe(false);
  await first.lock.release();
  expect(await second.lock.isHeld()).toBe(true);
});

it("is never taken by two, however many take over a dead one's at the same time", async () => {
  for (let round = 0; round < 30; round += 1) {
    await rm(path, { force: true });
    await attempt(`old-${round}`);
    dead.add(`old-${round}`);

    const attempts = await Promise.all(
      Array.from({ length: 8 }, (_, at) => attempt(`${round}-${at}`)),
    );

    const holding = await Promise.all(
      attempts.map(async (found) => found.kind === "taken" && (await found.lock.isHeld())),
    );
    expect(holding.filter(Boolean)).toHaveLength(1);
  }
});

it("that does not say whose it is stays busy", async () => {
  await attempt("5");
  await writeFile(path, "?");

  expect(await attempt("6")).toEqual({ kind: "busy", path });
  expect(await readFile(path, "utf8")).toBe("?");
});

function attempt(run: string): Promise<LockAttempt> {
  return tryLockFile(path, holderOf(run), isGone);
}

function holderOf(run: string): LeaseHolder {
  return { run, host: "here", pid: 1 };
}
