import { randomBytes } from "node:crypto";
import { openRegistry } from "../../adapters/default/adapter.ts";
import { capabilities } from "../../adapters/default/capabilities.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { RequestCounts } from "../../src/http/client.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { createFakeRegistry } from "../fakes/distribution.ts";
import type { FakeOptions } from "../fakes/distribution.ts";
import { withFaults } from "../fakes/faults.ts";
import type { FaultRule } from "../fakes/faults.ts";
import { seedContent } from "../fakes/seed.ts";
import { repositoryIn } from "../fakes/state.ts";
import type { FaultyHarness, Harness, Subject } from "../suite/harness.ts";

export const BOT = { username: "bot", password: "s3cret-of-the-bot" } as const;

/** Tags of a page of the fakes: few enough to be quick. */
const PAGE_SIZE = 50;

/** The default adapter in front of a fake registry of the given behaviour. */
export function defaultOverFake(name: string, options: FakeOptions): Subject {
  const open = async (...rules: readonly FaultRule[]): Promise<FaultyHarness> => {
    const fake = createFakeRegistry({ ...options, maxPage: PAGE_SIZE });
    const server = await withFaults(fake, ...rules).listen();
    const opened = await openDefault({
      host: server.host,
      credentials: { kind: "password", ...BOT },
    });
    return {
      ...opened,
      seed: async (content, { tags = [], repository = opened.repository } = {}) =>
        seedContent(repositoryIn(fake.state, repository.name), content, tags),
      received: () => server.requests().length,
      secret: BOT.password,
      expireTokens: fake.revokeTokens,
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await server.close();
      },
    };
  };
  return {
    name: `default on ${name}`,
    capabilities,
    pageSize: PAGE_SIZE,
    pages: options.ignorePaging !== true,
    unknownRepository: "is-empty",
    announcesDigests: options.contentDigestHeader !== false,
    open,
    openFaulty: open,
  };
}

export interface DefaultOptions {
  readonly host: string;
  readonly caPem?: string;
  readonly credentials?: Credentials;
}

type Opened = Omit<FaultyHarness, "seed" | "secret" | "received" | "expireTokens">;

/**
 * An opened adapter with two fresh repository names. What it waits is written down, not waited: its clock
 * jumps instead.
 */
export async function openDefault({ host, caPem, credentials }: DefaultOptions): Promise<Opened> {
  const waits: number[] = [];
  const now = (): Date => new Date(Date.now() + waits.reduce((total, ms) => total + ms, 0));
  const http = openHttpClient({
    userAgent: "tidemark-contract",
    ...(caPem === undefined ? {} : { caPem }),
    now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  });
  const registry: Registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => credentials },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now,
  });
  const name = `contract/${randomBytes(6).toString("hex")}`;
  const harness: Omit<Harness, "seed"> = {
    registry,
    repository: { host, name },
    nested: { host, name: `${name}/deeper/still` },
    sibling: { host, name: `${name}-sibling` },
    requests: () => sum(http.counts()),
    writes: () => sum({ ...http.counts(), GET: 0, HEAD: 0 }),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
    },
  };
  return { ...harness, waits: () => [...waits] };
}

function sum(counts: RequestCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
