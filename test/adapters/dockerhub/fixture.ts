import { onTestFinished } from "vitest";
import { openRegistry } from "../../../adapters/dockerhub/adapter.ts";
import type { ListeningRegistry } from "../../../contract-tests/fakes/distribution.ts";
import { createFakeHub } from "../../../contract-tests/fakes/dockerhub/hub.ts";
import type { FakeHub, FakeHubOptions } from "../../../contract-tests/fakes/dockerhub/hub.ts";
import { withFaults } from "../../../contract-tests/fakes/faults.ts";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import type { AdapterOptionValues, Credentials } from "../../../src/registry/adapter.ts";
import type { Registry } from "../../../src/registry/registry.ts";

export const BOT = { identifier: "acmebot", secret: "dckr_pat_s3cret" } as const;

export interface Opened {
  readonly hub: FakeHub;
  readonly server: ListeningRegistry;
  readonly registry: Registry;
  readonly repository: Repository;
  readonly warnings: readonly string[];
  /** Milliseconds of each wait, of the door and of the adapter. */
  readonly waits: readonly number[];
  readonly seed: (content: SeedContent, ...tags: readonly string[]) => Digest;
  /** `GET 200 /path`, … in the order of the answers, since the last question. */
  readonly log: () => readonly string[];
}

export interface Given {
  readonly hub?: Partial<FakeHubOptions>;
  readonly faults?: readonly FaultRule[];
  /** Default: the bot's access token. */
  readonly options?: (hub: FakeHub) => AdapterOptionValues;
  readonly credentials?: Credentials;
  readonly name?: string;
}

/** The adapter in front of a simulated Docker Hub, on a clock that waiting moves. */
export async function openHub(given: Given = {}): Promise<Opened> {
  const waits: number[] = [];
  const warnings: string[] = [];
  const now = (): Date => new Date(Date.now() + waits.reduce((total, ms) => total + ms, 0));
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    waits.push(ms);
  };
  const hub = createFakeHub({ accounts: [BOT], now: () => now().getTime(), ...given.hub });
  const server = await withFaults(hub, ...(given.faults ?? [])).listen();
  const http = openHttpClient({ userAgent: "test", now, sleep });
  onTestFinished(async () => {
    await http[Symbol.asyncDispose]();
    await server.close();
  });
  const { host } = server;
  const options = given.options ?? (() => BY_TOKEN);
  const registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => given.credentials },
    options: options(hub),
    env: {},
    now,
    sleep,
    warn: (text) => warnings.push(text),
  });
  const name = given.name ?? "acme/shop";
  let told = 0;
  return {
    hub,
    server,
    registry,
    repository: { host, name },
    warnings,
    waits,
    seed: (content, ...tags) =>
      seedContent(
        repositoryIn(hub.state, name.includes("/") ? name : `library/${name}`),
        content,
        tags,
      ),
    log() {
      const lines = server.requests().slice(told);
      told += lines.length;
      return lines.map(({ method, status, path }) => `${method} ${status} ${path}`);
    },
  };
}

export const BY_TOKEN: AdapterOptionValues = {
  "docker-hub-username": BOT.identifier,
  "docker-hub-token": BOT.secret,
};
