import { expect, it } from "vitest";

import { lockRepository } from "../../src/locks/lock-repository.ts";
import type { LockRepository } from "../../src/locks/lock-repository.ts";
import { recordServer, warnOfOtherServer } from "../../src/locks/recorded-server.ts";
import type { RecordedServer } from "../../src/locks/recorded-server.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { classifyTag } from "../../src/stages/tag.ts";
import { openHarness } from "../distribution/harness.ts";

const HERE = { address: "https://locks.example" };
const signal = AbortSignal.timeout(60_000);

it("the first who comes writes down where the locks are, and says nothing", async () => {
  const place = await emptyPlace();

  expect(await record(place, HERE)).toEqual([]);

  expect(await place.listTags(signal)).toEqual(["sync-server"]);
  expect(classifyTag("sync-server")).toEqual({ kind: "sync-server" });
});

it("who keeps them at the same place is told nothing, with or without a slash", async () => {
  const place = await emptyPlace();
  await record(place, HERE);

  expect(await record(place, { address: `${HERE.address}/` })).toEqual([]);
});

it("who keeps them elsewhere is warned, and the record stays", async () => {
  const place = await emptyPlace();
  await record(place, HERE);

  const [warning, ...rest] = await record(place, { address: "http://10.0.0.1:55581" });

  expect(rest).toEqual([]);
  expect(warning).toContain(
    "says that publishers keep their locks at https://locks.example, and this run keeps them at http://10.0.0.1:55581",
  );
  expect(await record(place, HERE)).toEqual([]);
});

it("credentials that others wrote into it are told to nobody, and make no other place", async () => {
  const place = await emptyPlace();
  await record(place, { address: "https://any:s3cret@locks.example/" });

  expect(await record(place, HERE)).toEqual([]);
  const [warning] = await record(place, { address: "http://10.0.0.1:55581" });
  expect(warning).toContain("keep their locks at https://locks.example,");
});

it("one address that leads to another object is another place", async () => {
  const place = await emptyPlace();
  await record(place, { address: "kubernetes://ci", object: "uid-1" });

  expect(await record(place, { address: "kubernetes://ci", object: "uid-1" })).toEqual([]);
  expect(await record(place, { address: "kubernetes://ci" })).toEqual([]);
  expect(await record(place, { address: "kubernetes://ci", object: "uid-2" })).toEqual([
    expect.stringContaining("at another kubernetes://ci"),
  ]);
});

it("a look alone writes nothing", async () => {
  const place = await emptyPlace();
  const warnings: string[] = [];
  const deps = { warn: (message: string) => void warnings.push(message) };

  await warnOfOtherServer(place, { address: ":local" }, deps, signal);
  expect(await place.listTags(signal)).toEqual([]);

  await record(place, HERE);
  await warnOfOtherServer(place, { address: ":local" }, deps, signal);
  expect(warnings).toEqual([expect.stringContaining("this run keeps them at :local")]);
});

it("who may not write it down is told, and goes on", async () => {
  const place = await emptyPlace();
  const refuse = (): Promise<never> => Promise.reject(new RegistryError("denied", "not you"));
  const readOnly = {
    ...place,
    registry: async () => ({ ...(await place.registry()), putBlob: refuse }),
  };

  expect(await record(readOnly, HERE)).toEqual([
    "where locks are kept could not be written down for others: not you",
  ]);
});

async function emptyPlace(): Promise<LockRepository> {
  const { registry, repository } = await openHarness();
  return lockRepository({ project: "shop", repository }, () => Promise.resolve(registry));
}

async function record(place: LockRepository, here: RecordedServer): Promise<readonly string[]> {
  const warnings: string[] = [];
  const deps = { warn: (message: string) => void warnings.push(message), now: () => new Date() };
  await recordServer(place, await place.listTags(signal), here, deps, signal);
  return warnings;
}
