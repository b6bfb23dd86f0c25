import { setTimeout as pause } from "node:timers/promises";

import pg from "pg";
import type { Pool } from "pg";

import { StoreError } from "../store.ts";
import type { LeaseStore } from "../store.ts";
import { migrate } from "./migrate.ts";
import { createRows } from "./rows.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. Secret. */
  readonly address: string;
  readonly ttlMs: number;
  readonly maxLocks: number;
  /** Most connections of this process. */
  readonly connections: number;
  /** How long to wait for a connection, and for each answer. Milliseconds. */
  readonly timeoutMs: number;
  /** Told whenever another replica was faster. */
  readonly onConflict: () => void;
}

/** How often a change is tried while others are faster. */
const ATTEMPTS = 20;

/** The longest pause between two of them. Milliseconds. */
const LONGEST_PAUSE_MS = 40;

/**
 * Keeps records in a table that any number of servers share, by the clock of the database. Rejects with `StoreError` when
 * the database cannot be reached or is not fit.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<LeaseStore> {
  const { ttlMs, onConflict } = options;
  const name = describe(options.address);
  const pool = openPool(options, name);
  const rows = createRows(pool, options.maxLocks);
  try {
    await migrate(pool);
  } catch (error) {
    await pool.end();
    throw storeError(error);
  }

  return {
    name,
    async change(lock, decide) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const { row, now } = await settle(() => rows.read(lock));
        const { record, answer } = decide(row?.record, { now, ttlMs });
        if (record === row?.record) return answer;
        if (await settle(() => rows.replace(lock, row, record))) return answer;
        onConflict();
        await pause(Math.random() * LONGEST_PAUSE_MS);
      }
      throw new StoreError("conflict", `lost ${ATTEMPTS} races for one lock`);
    },
    count: () => settle(() => rows.count()),
    ping: async () => void (await settle(() => pool.query("SELECT 1"))),
    [Symbol.asyncDispose]: () => pool.end(),
  };

  async function settle<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw storeError(error);
    }
  }

  function storeError(error: unknown): StoreError {
    if (error instanceof StoreError) return error;
    const reason = error instanceof Error ? firstLine(error) : "failed";
    return new StoreError("unavailable", `${name}: ${reason}`, { cause: error });
  }
}

/** A connection that breaks while nobody uses it is dropped by the pool; whoever needs one is told then. */
function openPool({ address, connections, timeoutMs }: PostgresStoreOptions, name: string): Pool {
  try {
    const pool = new pg.Pool({
      connectionString: address,
      application_name: "tidemark synchronization",
      max: connections,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
    });
    return pool.on("error", () => {});
  } catch (error) {
    throw new StoreError("unfit", `${name}: the address cannot be used`, { cause: error });
  }
}

/** Where the database is, without who logs in or how. */
function describe(address: string): string {
  if (!URL.canParse(address)) return "postgres";
  const { host, pathname } = new URL(address);
  return `postgres at ${host}${pathname}`;
}

/** Several addresses that were tried make an error without words of its own. */
function firstLine(error: Error): string {
  const inner = error instanceof AggregateError ? error.errors.find(isError) : undefined;
  const text = error.message === "" ? (inner?.message ?? error.name) : error.message;
  return text.split("\n")[0] ?? text;
}

function isError(value: unknown): value is Error {
  return value instanceof Error;
}
