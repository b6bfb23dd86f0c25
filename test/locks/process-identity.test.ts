import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import {
  identifyProcess,
  isLocalProcessGone,
  isProcessGone,
} from "../../src/locks/process-identity.ts";

it("a run has an identity of its own", async () => {
  const [one, other] = [await identifyProcess(), await identifyProcess()];

  expect(one.run).toMatch(/^[0-9a-f]{16}$/);
  expect(other).toEqual({ ...one, run: other.run });
  expect(other.run).not.toBe(one.run);
  expect(await isProcessGone(one)).toBe(false);
});

it.runIf(process.platform === "linux")("a process is gone when it has ended", async () => {
  const child = spawn(process.execPath, ["-e", "0"]);
  const { pid = 0 } = child;
  await once(child, "close");
  const { machine } = await identifyProcess();
  if (machine === undefined) throw new Error("Linux tells its machines apart");

  expect(await isProcessGone({ run: "1", host: "here", pid, machine })).toBe(true);
  expect(await isProcessGone({ run: "1", host: "here", pid, machine: "another" })).toBe(false);
  expect(await isProcessGone({ run: "1", host: "here", pid })).toBe(false);
});

it.runIf(process.platform === "linux")("a later process of the same id is another", async () => {
  const holder = await identifyProcess();

  expect(await isProcessGone({ ...holder, started: "1" })).toBe(true);
  expect(await isLocalProcessGone({ ...holder, started: "1" })).toBe(true);
});
