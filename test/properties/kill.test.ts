import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { mapParallel } from "../../src/commands/parallel.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import { openLayouts } from "../scenarios/backend-layout.ts";
import type { Backend, SeedRepository } from "../scenarios/backend.ts";
import { GIT_ENV } from "../scenarios/git.ts";
import { runCli } from "../scenarios/run-cli.ts";
import { createKillWorld } from "./kill-world.ts";
import type { KillWorld } from "./kill-world.ts";
import { startProxy } from "./kill-proxy.ts";

const CLI = resolve("bin/tidemark.js");
/** Outside `.ci/run` a fifth. */
const ON_REGISTRY = peersAreRequired() ? 50 : 10;
const ON_LAYOUT = peersAreRequired() ? 10 : 3;
/** Tries that go on at the same time. */
const AT_ONCE = 3;
const MINUTES_MS = 60_000;

let world: KillWorld;
beforeAll(async () => {
  world = await createKillWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const isInstalled = findPeer("docker-registry") !== undefined;

describe.skipIf(!isInstalled && !peersAreRequired())("killed on docker-registry", () => {
  it(
    `at ${ON_REGISTRY} points, keeps what is kept pullable, and a second run ends where an undisturbed one does`,
    async () => {
      const server = await startServer({ kind: "docker-registry" });
      const close = (): Promise<void> => server.stop();
      await using backend = openHttpBackend({ host: server.host, untags: false, close });
      const whole = await fillNew(backend, "undisturbed");
      await using counter = await startProxy(server.host, () => {});
      expect((await clean(throughProxy(whole, counter.host))).exit).toBe(0);
      const end = await endOf(whole);
      const requests = counter.count();

      const points = Array.from({ length: ON_REGISTRY }, (_, point) => point);
      await mapParallel(points, AT_ONCE, async (point) => {
        const repository = await fillNew(backend, `killed-${point}`);
        const victim = Math.floor(Math.random() * requests);
        const moment = point % 2 === 0 ? "came" : "answered";
        let child: ChildProcess | undefined;
        await using proxy = await startProxy(server.host, (index, now) => {
          if (index === victim && now === moment) child?.kill("SIGKILL");
        });
        child = launch(throughProxy(repository, proxy.host));
        await once(child, "close");
        await proxy.quiet();
        const told = `killed when request ${victim} of ${requests} ${moment}`;
        const broken = await brokenIn(repository);
        const { exit } = await clean(repository.address);
        const found = { told, broken, exit, end: await endOf(repository) };
        expect(found).toEqual({ told, broken: [], exit: 0, end });
      });
    },
    10 * MINUTES_MS,
  );
});

describe("killed on a layout", () => {
  it(
    `at ${ON_LAYOUT} points, keeps what is kept pullable, and a second run ends where an undisturbed one does`,
    async () => {
      await using backend = await openLayouts();
      const whole = await fillNew(backend, "undisturbed");
      const undisturbed = await clean(whole.address);
      expect(undisturbed.exit).toBe(0);
      const end = await endOf(whole);
      const took = undisturbed.endedAt - undisturbed.startedAt;

      for (let point = 0; point < ON_LAYOUT; point += 1) {
        const repository = await fillNew(backend, `killed-${point}`);
        const afterMs = took * (0.4 + 0.6 * Math.random());
        const child = launch(repository.address);
        const closed = once(child, "close");
        await Promise.race([closed, sleep(afterMs)]);
        child.kill("SIGKILL");
        await closed;
        const told = `killed after ${Math.round(afterMs)} of ${took} ms`;
        // Between two runs the layout's log, not its index, is what tells which tags went.
        const broken = (await brokenIn(repository)).filter((line) =>
          world.kept.some((tag) => line.startsWith(tag)),
        );
        const { exit } = await clean(repository.address);
        const found = { told, broken, exit, end: await endOf(repository) };
        expect(found).toEqual({ told, broken: [], exit: 0, end });
      }
    },
    4 * MINUTES_MS,
  );
});

async function fillNew(backend: Backend, name: string): Promise<SeedRepository> {
  const repository = await backend.createRepository(name);
  await world.fill(repository);
  return repository;
}

function throughProxy({ address }: SeedRepository, host: string): string {
  return `${host}${address.slice(address.indexOf("/"))}`;
}

function clean(address: string): ReturnType<typeof runCli> {
  return runCli(world.root, [...world.args, "--repo", address]);
}

/** Starts the command line and leaves it to the caller to end it. */
function launch(address: string): ChildProcess {
  const { root, args } = world;
  return spawn(process.execPath, [CLI, ...args, "--repo", address], {
    cwd: root,
    env: { ...GIT_ENV, HOME: root, XDG_STATE_HOME: `${root}/state` },
    stdio: "ignore",
  });
}

/** What cannot be fetched, a line each, and the kept tags that are missing. */
async function brokenIn(repository: SeedRepository): Promise<readonly string[]> {
  const { digests, broken } = await repository.read();
  const missing = world.kept.filter((tag) => !digests.has(tag));
  return [...broken, ...missing.map((tag) => `${tag} is missing`)];
}

/** Every tag with its digest; the record of the run itself has its own time. */
async function endOf(repository: SeedRepository): Promise<Record<string, string>> {
  const { digests, broken } = await repository.read();
  expect(broken).toEqual([]);
  return Object.fromEntries([...digests].filter(([tag]) => tag !== "cleanup"));
}
