import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { openLocks } from "../../src/compose/locks.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { lockRepository } from "../../src/locks/lock-repository.ts";
import { recordServer } from "../../src/locks/recorded-server.ts";
import { parseSynchronization } from "../../src/locks/synchronization.ts";
import { parseRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { openHarness } from "../distribution/harness.ts";
import { startFakeLockServer } from "../locks/http/fake-lock-server.ts";

const NAME = `shop.${"a".repeat(56)}`;

it.each([
  [":local", ":local", "machine"],
  ["none", "none", "nobody"],
  ["http://127.0.0.1:9", "http://127.0.0.1:9", "everywhere"],
])("%s opens locks at %s that reach %s", async (text, address, reach) => {
  const { open } = await world();

  await using locks = await open(text);

  expect(locks).toMatchObject({ address, reach });
});

it("a kube configuration that is not there is told as the option's", async () => {
  const { open } = await world();

  await expect(open("kubernetes://ci@/nowhere/config")).rejects.toThrow(
    "--synchronization: kube configuration /nowhere/config: there is no such file",
  );
});

it("a lock server gets the token of the environment, unless its address has credentials", async () => {
  const { open } = await world({ TIDEMARK_SYNCHRONIZATION_TOKEN: "t0p" });
  await using server = await startFakeLockServer({ token: "t0p", isOurs: true });
  await using locks = await open(server.url);
  await using others = await open(server.url.replace("://", "://me:s3cret@"));

  await (await locks.acquire(NAME, patience())).release();
  await expect(others.acquire(NAME, patience())).rejects.toThrow(
    "it does not take the user name and password in its address",
  );
});

it.each([
  [{ CI: "true" }, 1],
  [{ CI: "false" }, 0],
  [{ CI: "" }, 0],
  [{}, 0],
])("with %j local locks for a registry are remarked upon %d times", async (env, times) => {
  const { open, warnings } = await world(env);

  await (await open(":local"))[Symbol.asyncDispose]();

  expect(warnings.filter((line) => line.includes("on other runners"))).toHaveLength(times);
});

it("in CI a directory needs no other locks than local ones", async () => {
  const { open, warnings, directory } = await world({ CI: "true" });

  await using locks = await open(":local", parseRepository(`oci:${directory}`));
  await (await locks.acquire(NAME, patience())).release();

  expect(warnings).toEqual([]);
});

it("who keeps local locks while others share a server is told so, once, and has them", async () => {
  const { open, warnings, registry, repository } = await world();
  const place = lockRepository({ project: "shop", repository }, () => Promise.resolve(registry));
  const deps = { warn: () => undefined, now: () => new Date() };
  const here = { address: "https://locks.example" };
  await recordServer(place, [], here, deps, AbortSignal.timeout(60_000));
  await using locks = await open(":local");

  await (await locks.acquire(NAME, patience())).release();
  await (await locks.acquire(NAME, patience())).release();

  expect(warnings).toEqual([
    expect.stringContaining("at https://locks.example, and this run keeps them at :local"),
  ]);
});

it("a registry that does not tell is a warning, and the lock is had", async () => {
  const { open, warnings } = await world({}, (registry) => ({
    ...registry,
    getManifest: () => Promise.reject(new RegistryError("unavailable", "no route")),
  }));
  await using locks = await open(":local");

  await (await locks.acquire(NAME, patience())).release();

  expect(warnings).toEqual([
    "whether others keep their locks elsewhere could not be read: no route",
  ]);
});

async function world(
  env: Readonly<Record<string, string>> = {},
  change = (registry: Registry): Registry => registry,
) {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-locks-"));
  const { registry, repository } = await openHarness();
  const http = openHttpClient({ userAgent: "test" });
  onTestFinished(async () => {
    await http[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const warnings: string[] = [];
  const surroundings = {
    env: { HOME: directory, ...env },
    http: () => Promise.resolve(http),
    registry: () => Promise.resolve(change(registry)),
    warn: (line: string) => void warnings.push(line),
    now: () => new Date(),
    version: "0.0.0",
  };
  const open = (text: string, where: Repository = repository) => {
    const synchronization = parseSynchronization(text, { hasRepo: true });
    return openLocks(synchronization, { project: "shop", repository: where }, surroundings);
  };
  return { open, warnings, registry, repository, directory };
}

function patience(): { readonly waitMs: number; readonly signal: AbortSignal } {
  return { waitMs: 60_000, signal: AbortSignal.timeout(60_000) };
}
