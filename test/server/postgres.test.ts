import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { missingForPostgres, startPostgres } from "../../contract-tests/servers/postgres.ts";
import type { Postgres } from "../../contract-tests/servers/postgres.ts";
import { openPostgresStore } from "../../src/server/postgres/open-postgres-store.ts";
import type { PostgresStoreOptions } from "../../src/server/postgres/open-postgres-store.ts";
import type { LeaseStore } from "../../src/server/store.ts";
import { serveLocks } from "./lock-server.ts";
import { isTimeless, readTranscripts, replay } from "./transcript.ts";

const missing = missingForPostgres();

it.skipIf(missing.length > 0 && !peersAreRequired())("PostgreSQL is installed", () => {
  expect(missing).toEqual([]);
});

describe.skipIf(missing.length > 0)("locks in PostgreSQL", () => {
  let postgres: Postgres;
  beforeAll(async () => void (postgres = await startPostgres()));
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(() =>
    postgres.query(
      "DROP TABLE IF EXISTS tidemark_locks, tidemark_lock_steps; DROP SEQUENCE IF EXISTS tidemark_lock_versions",
    ),
  );

  function open(options: Partial<PostgresStoreOptions> = {}): Promise<LeaseStore> {
    return openPostgresStore({
      address: postgres.address,
      ttlMs: 10_000,
      maxLocks: 1000,
      connections: 4,
      timeoutMs: 5000,
      onConflict: () => {},
      ...options,
    });
  }

  it.each(readTranscripts().filter(isTimeless))("answer as in $name", async (transcript) => {
    await using server = await serveLocks({ store: await open() });

    await replay(server.url, transcript, () => undefined);

    expect(server.failures).toEqual([]);
  });

  it("are the same for servers that start at once on an empty database", async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open()));
    const answers = await Promise.all(stores.map((store, at) => take(store, `u${at}`)));

    expect(answers.filter(Boolean)).toHaveLength(1);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });
});

async function take(store: LeaseStore, uuid: string): Promise<boolean> {
  return store.change({ clientId: "c", lockName: "l" }, (record, { now, ttlMs }) => {
    if (record !== undefined) return { record, answer: false };
    const given = { uuid, lockName: "l", expiresAt: now + ttlMs, holders: 1, isShared: false };
    return { record: { ...given, queue: [] }, answer: true };
  });
}
