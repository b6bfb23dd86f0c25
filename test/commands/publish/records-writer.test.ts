import { expect, it } from "vitest";

import { openDefault } from "../../../contract-tests/adapters/default-subject.ts";
import { createFakeRegistry } from "../../../contract-tests/fakes/distribution.ts";
import type { FakeRequest } from "../../../contract-tests/fakes/message.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import { createRecordWriter } from "../../../src/commands/publish/records-writer.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");

it("sends what records share once, and asks for nothing else", async () => {
  await using world = await openWorld();

  await Promise.all(["a", "b", "c"].map((tag) => world.write(tag)));

  const sent = world.requests();
  expect(sent.filter((method) => method === "HEAD")).toHaveLength(1);
  expect(sent.filter((method) => method === "POST")).toHaveLength(4);
});

it("gives no two records one manifest, whichever processes write them at one moment", async () => {
  await using world = await openWorld();
  const other = world.another();

  const written = await Promise.all([
    world.write("a"),
    world.write("b"),
    world.write("c"),
    other("d"),
    other("e"),
  ]);

  expect(new Set(written.map(({ digest }) => digest)).size).toBe(5);
});

it("says of a tag that does not change that it is there, whatever the registry calls that", async () => {
  await using world = await openWorld({ refusing: (path) => path.endsWith("/manifests/there") });
  repositoryIn(world.state, "shop").tags.set("there", (await world.write("other")).digest);

  await expect(world.write("there")).rejects.toMatchObject({ code: "conflict" });
});

it("says of a tag that it may not write what the registry says", async () => {
  await using world = await openWorld({ refusing: (path) => path.endsWith("/manifests/mine") });

  await expect(world.write("mine")).rejects.toMatchObject({ code: "denied" });
});

it("does not take a conflict for a record that is there", async () => {
  await using world = await openWorld({
    refusing: (path) => path.endsWith("/manifests/mine"),
    status: 409,
  });

  await expect(world.write("mine")).rejects.toMatchObject({ code: "protocol", status: 409 });
});

interface WorldSpec {
  /** Which manifests may not be stored. */
  readonly refusing?: (path: string) => boolean;
  /** What is said of those. Default: 403. */
  readonly status?: 403 | 409;
}

async function openWorld({ refusing = () => false, status = 403 }: WorldSpec = {}) {
  const registry = createFakeRegistry();
  const when = ({ method, path }: FakeRequest): boolean => method === "PUT" && refusing(path);
  const code = status === 403 ? "DENIED" : "CONFLICT";
  const fault = { kind: "status", status, code } as const;
  const server = await withFaults(registry, { when, fault }).listen();
  const opened = await openDefault({ host: server.host });
  const { signal } = new AbortController();
  const another = (): ((tag: string) => ReturnType<ReturnType<typeof createRecordWriter>>) => {
    const home = {
      registry: opened.registry,
      repository: { host: server.host, name: "shop" },
      project: "shop",
    };
    const write = createRecordWriter(home, { now: () => NOW, signal });
    return (tag) => write(tag, {});
  };
  return {
    state: registry.state,
    another,
    write: another(),
    requests: () => server.requests().map(({ method }) => method),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
