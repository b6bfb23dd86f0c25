import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { missingForPostgres, startPostgres } from "../../contract-tests/servers/postgres.ts";
import type { Postgres } from "../../contract-tests/servers/postgres.ts";
import { acquire, renew } from "../../src/locks/protocol/lease.ts";
import type { Acquired } from "../../src/locks/protocol/lease.ts";
import { openPostgresStore } from "../../src/server/postgres/open-postgres-store.ts";
import type { PostgresStoreOptions } from "../../src/server/postgres/open-postgres-store.ts";
import type { LeaseStore } from "../../src/server/store.ts";
import { serveLocks } from "./lock-server.ts";
import { letRivalsLoose } from "./rivals.ts";
import { readTranscripts, replay } from "./transcript.ts";

const RIVALS = { ttlMs: 400, rivals: 10, locks: 4, random: Math.random };

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

  it.each(readTranscripts())("answer as in $name", async (transcript) => {
    await using server = await serveLocks({ store: await open() });

    await replay(server.url, transcript, age);

    expect(server.failures).toEqual([]);
  });

  it("are the same for servers that start at once on an empty database", async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open()));

    const answers = await Promise.all(stores.map((store, at) => take(store, `u${at}`)));

    expect(answers.filter((answer) => "handle" in answer)).toHaveLength(1);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it("are given to one alone, whichever server is asked, and though one of them is killed", async () => {
    const first = await startReplica();
    const second = await startReplica();

    const { violations, failures } = await letRivalsLoose({
      ...RIVALS,
      urls: [first.url, second.url],
      acts: [{ afterGrants: 30, perform: first.kill }, { afterGrants: 30 }],
    });
    await second.kill();

    expect(violations).toEqual([]);
    expect(failures).toBeGreaterThan(0);
  });

  it("are given to one alone, though the database crashes under the servers", async () => {
    const first = await startReplica();
    const second = await startReplica();
    const crash = async (): Promise<void> => {
      await postgres.kill();
      await postgres.restart();
    };

    const { violations, failures } = await letRivalsLoose({
      ...RIVALS,
      urls: [first.url, second.url],
      acts: [{ afterGrants: 20, perform: crash }, { afterGrants: 20 }],
    });
    await first.kill();
    await second.kill();

    expect(violations).toEqual([]);
    expect(failures).toBeGreaterThan(0);
  });

  it("outlive a crash of the database, during which nobody is given any", async () => {
    const store = await open({ timeoutMs: 1000 });
    await using server = await serveLocks({ store });
    const asked = JSON.stringify({ lockName: "l" });
    const ask = () => fetch(`${server.url}/c/locker/acquire`, { method: "POST", body: asked });
    await take(store, "u1");

    await postgres.kill();
    const during = await ask();
    const ready = await fetch(`${server.url}/ready`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    await postgres.restart();
    const after = await ask();

    expect(during.status).toBe(503);
    expect(await during.text()).toBe("Internal error: the store of locks does not answer\n");
    expect(ready.status).toBe(503);
    expect(metrics).toContain("tidemark_locks_store_up 0");
    expect(await after.text()).toContain('"err":"should wait"');
    expect(await keep(store, "u1")).toBe("");
    expect(server.failures.join("\n")).toContain("postgres at 127.0.0.1:");
    expect(server.failures.join("\n")).not.toContain(postgres.password);
  });

  it("need no right to create anything once a server with that right has started", async () => {
    await (await open())[Symbol.asyncDispose]();
    await postgres.query(
      `DROP ROLE IF EXISTS locks; CREATE ROLE locks LOGIN PASSWORD 'p';
       GRANT SELECT, INSERT, UPDATE, DELETE ON tidemark_locks TO locks;
       GRANT SELECT ON tidemark_lock_steps TO locks;
       GRANT USAGE ON tidemark_lock_versions TO locks`,
    );
    const address = postgres.address.replace(/\/\/.*@/, "//locks:p@");

    await using store = await open({ address });

    expect(await take(store, "u1")).toMatchObject({ handle: { uuid: "u1" } });
    await postgres.query("DROP OWNED BY locks; DROP ROLE locks");
  });

  it("refuse a database that a newer server has changed", async () => {
    await (await open())[Symbol.asyncDispose]();
    await postgres.query("INSERT INTO tidemark_lock_steps (step) VALUES (99)");

    await expect(open()).rejects.toMatchObject({ code: "unfit", message: /step 99/ });
  });

  it("are not kept where nobody answers, and say where without the password", async () => {
    const address = "postgres://bot:s3cret@127.0.0.1:1/locks";

    const failed = await open({ address }).catch((error: unknown) => error);

    expect(failed).toMatchObject({ name: "StoreError", code: "unavailable" });
    expect(String(failed)).toContain("postgres at 127.0.0.1:1/locks: ");
    expect(String(failed)).not.toContain("s3cret");
  });

  it("are swept away when nobody can need them, and only so many may be there", async () => {
    await using first = await open();
    await take(first, "u1", "forgotten");
    await take(first, "u2", "lapsed");
    await age(60_000);
    await postgres.query(
      "UPDATE tidemark_locks SET needed_until = now() - interval '1 ms' WHERE lock_name = 'forgotten'",
    );

    await using second = await open({ maxLocks: 1 });

    expect(await keep(second, "u1", "forgotten")).toBe("no existing lock lease found");
    expect(await keep(second, "u2", "lapsed")).toBe("");
    await expect(take(second, "u3", "more")).rejects.toMatchObject({ code: "full" });
  });

  it("count whoever asked them", async () => {
    await using first = await open();
    await using second = await open();
    await take(first, "u1");
    await take(second, "u2", "other");
    await take(second, "u3", "l", "waits");

    expect(await first.count()).toEqual({ leases: 2, waiting: 1 });
  });

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

  /** Makes all that is stored so much older. Milliseconds. */
  async function age(ms: number): Promise<void> {
    await postgres.query(
      `UPDATE tidemark_locks SET record = jsonb_set(
         jsonb_set(record, '{expiresAt}', to_jsonb((record->>'expiresAt')::float8 - ${ms})),
         '{queue}', (SELECT coalesce(jsonb_agg(w || jsonb_build_object(
           'since', (w->>'since')::float8 - ${ms}, 'until', (w->>'until')::float8 - ${ms})), '[]')
         FROM jsonb_array_elements(record->'queue') AS w))`,
    );
  }

  async function startReplica(): Promise<{ url: string; kill(): Promise<void> }> {
    const script = fileURLToPath(new URL("./replica.ts", import.meta.url));
    const child = spawn(process.execPath, [script, postgres.address, String(RIVALS.ttlMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout, "data");
    return {
      url: String(line).trim(),
      async kill() {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      },
    };
  }
});

function take(store: LeaseStore, uuid: string, lockName = "l", acquirerId = ""): Promise<Acquired> {
  return store.change({ clientId: "c", lockName }, (record, moment) =>
    acquire(record, { lockName, shared: false, acquirerId, uuid }, moment),
  );
}

function keep(store: LeaseStore, uuid: string, lockName = "l"): Promise<string> {
  return store.change({ clientId: "c", lockName }, (record, moment) =>
    renew(record, { uuid, lockName }, moment),
  );
}
