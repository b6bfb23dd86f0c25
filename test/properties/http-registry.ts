import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { openRegistry } from "../../adapters/default/adapter.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { NOW } from "./world.ts";

export interface HttpRegistry extends AsyncDisposable {
  readonly registry: Registry;
  readonly repository: Repository;
  /** What reached the server, and what it answered. */
  readonly requests: FakeRegistry["requests"];
}

/** The default adapter, over sockets, to a strict registry that holds `contents`. Waiting only moves a clock. */
export async function openHttpRegistry(
  contents: RepositoryState,
  personality: Partial<Personality> = {},
  faults: readonly FaultRule[] = [],
): Promise<HttpRegistry> {
  const state = { repositories: new Map([["shop/app", contents]]) };
  const fake = withFaults(createFakeRegistry({ ...personality, state }), ...faults);
  const server = await fake.listen();
  let clock = NOW;
  const now = (): Date => new Date(clock);
  const http = openHttpClient({
    userAgent: "properties",
    now,
    random: () => 0.5,
    sleep: (ms, signal) => {
      signal?.throwIfAborted();
      clock += ms;
      return Promise.resolve();
    },
  });
  const { host } = server;
  const opened = await openRegistry({
    host,
    http,
    credentials: { find: () => Promise.resolve(undefined) },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now,
    insecure: true,
  });
  return {
    registry: opened,
    repository: { host, name: "shop/app" },
    requests: () => server.requests(),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
