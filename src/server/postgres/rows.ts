import type { Pool } from "pg";
import { z } from "zod";

import type { LeaseRecord } from "../../locks/protocol/record.ts";
import { StoreError, SWEEP_EVERY_MS, neededUntil } from "../store.ts";
import type { LockAddress, LockCounts } from "../store.ts";

/** A record together with the version that it can be replaced by. */
export interface Row {
  readonly record: LeaseRecord;
  /** A 64-bit number in digits. */
  readonly version: string;
}

/** What stood, and when that was by the clock of the database, in milliseconds since 1970. */
export interface Reading {
  readonly row: Row | undefined;
  readonly now: number;
}

/** The statements on the table. Each is a transaction of its own. */
export interface Rows {
  read(lock: LockAddress): Promise<Reading>;
  /** Compare and swap: answers whether `row` was still there, and so is replaced. */
  replace(
    lock: LockAddress,
    row: Row | undefined,
    record: LeaseRecord | undefined,
  ): Promise<boolean>;
  count(): Promise<LockCounts>;
}

const StoredRecord = z.object({
  uuid: z.string(),
  lockName: z.string(),
  expiresAt: z.number(),
  holders: z.int(),
  isShared: z.boolean(),
  queue: z.array(
    z.object({
      acquirerId: z.string(),
      isShared: z.boolean(),
      since: z.number(),
      until: z.number(),
    }),
  ),
});

const StoredRow = z.object({
  version: z.string().nullable(),
  record: StoredRecord.nullable(),
  now: z.number(),
});

const READ = `
  SELECT version, record, extract(epoch FROM clock_timestamp())::float8 * 1000 AS now
  FROM (SELECT 1) AS one
  LEFT JOIN tidemark_locks ON client_id = $1 AND lock_name = $2`;

const INSERT = `
  INSERT INTO tidemark_locks (client_id, lock_name, record, needed_until, version)
  VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), nextval('tidemark_lock_versions'))
  ON CONFLICT DO NOTHING`;

const UPDATE = `
  UPDATE tidemark_locks
  SET record = $3, needed_until = to_timestamp($4::float8 / 1000),
      version = nextval('tidemark_lock_versions')
  WHERE client_id = $1 AND lock_name = $2 AND version = $5`;

const DELETE =
  "DELETE FROM tidemark_locks WHERE client_id = $1 AND lock_name = $2 AND version = $3";

const COUNT = `
  SELECT
    count(*)::float8 AS rows,
    count(*) FILTER (
      WHERE (record->>'holders')::int > 0
        AND (record->>'expiresAt')::float8 >= extract(epoch FROM clock_timestamp()) * 1000
    )::float8 AS leases,
    coalesce(sum((
      SELECT count(*) FROM jsonb_array_elements(record->'queue') AS waiter
      WHERE (waiter->>'until')::float8 >= extract(epoch FROM clock_timestamp()) * 1000
    )), 0)::float8 AS waiting
  FROM tidemark_locks`;

const StoredCounts = z.object({ rows: z.number(), leases: z.number(), waiting: z.number() });

export function createRows(pool: Pool, maxLocks: number): Rows {
  let sweptAt = -Infinity;
  let known = 0;

  return {
    async read({ clientId, lockName }) {
      await sweep();
      const { rows } = await pool.query(READ, [clientId, lockName]);
      const { version, record, now } = StoredRow.parse(rows[0]);
      const row = version === null || record === null ? undefined : { version, record };
      return { row, now };
    },
    async replace({ clientId, lockName }, row, record) {
      if (record === undefined) {
        return row === undefined || (await changes(DELETE, [clientId, lockName, row.version]));
      }
      const values = [clientId, lockName, JSON.stringify(record), neededUntil(record)];
      if (row !== undefined) return changes(UPDATE, [...values, row.version]);
      if (known >= maxLocks) throw new StoreError("full", `there are ${known} locks already`);
      return changes(INSERT, values);
    },
    async count() {
      const { rows } = await pool.query(COUNT);
      const { leases, waiting } = StoredCounts.parse(rows[0]);
      return { leases, waiting };
    },
  };

  async function changes(statement: string, values: readonly unknown[]): Promise<boolean> {
    const { rowCount } = await pool.query(statement, [...values]);
    return rowCount === 1;
  }

  /** Any replica does it for all. How many rows there are is known from the last time. */
  async function sweep(): Promise<void> {
    const now = performance.now();
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    await pool.query("DELETE FROM tidemark_locks WHERE needed_until < clock_timestamp()");
    const { rows } = await pool.query(COUNT);
    known = StoredCounts.parse(rows[0]).rows;
  }
}
