import type { Pool, PoolClient } from "pg";

import { StoreError } from "../store.ts";
import { MIGRATIONS } from "./migrations.ts";

/** One for all replicas, so that a single one of them changes the database. Any number that nobody else uses. */
const LOCK = 8_216_304_719;

/**
 * Brings the database up to date. Rejects with `StoreError` `unfit` when a newer server has been there, and with the
 * database's error otherwise. Needs no right to create anything when there is nothing to create.
 */
export async function migrate(pool: Pool): Promise<void> {
  if (await isUpToDate(pool)) return;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await applyMissing(client);
    await client.query("COMMIT");
    client.release();
  } catch (error) {
    client.release(true); // The transaction ends with its connection.
    throw error;
  }
}

async function applyMissing(client: PoolClient): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS tidemark_lock_steps (
       step integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
  const applied = await lastStep(client);
  for (const [index, statement] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    await client.query(statement);
    await client.query("INSERT INTO tidemark_lock_steps (step) VALUES ($1)", [index + 1]);
  }
}

/** Whether nothing is left to do. Rejects with `StoreError` `unfit`. */
async function isUpToDate(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ table: string | null }>(
    `SELECT to_regclass('tidemark_lock_steps')::text AS "table"`,
  );
  if (rows[0]?.table == null) return false;
  const applied = await lastStep(pool);
  if (applied <= MIGRATIONS.length) return applied === MIGRATIONS.length;
  throw new StoreError(
    "unfit",
    `the database is at step ${applied}, this version knows ${MIGRATIONS.length}: start a newer one`,
  );
}

async function lastStep(client: Pool | PoolClient): Promise<number> {
  const { rows } = await client.query<{ step: number | null }>(
    "SELECT max(step) AS step FROM tidemark_lock_steps",
  );
  return rows[0]?.step ?? 0;
}
