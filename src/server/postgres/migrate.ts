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
  if ((await appliedSteps(pool)) === MIGRATIONS.length) return;
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
  const applied = await appliedSteps(client);
  if (applied > MIGRATIONS.length) {
    throw new StoreError(
      "unfit",
      `the database is at step ${applied}, this version knows ${MIGRATIONS.length}: start a newer one`,
    );
  }
  if (applied === 0) {
    await client.query(
      `CREATE TABLE IF NOT EXISTS tidemark_lock_steps (
         step integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()
       )`,
    );
  }
  for (const [index, statement] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    await client.query(statement);
    await client.query("INSERT INTO tidemark_lock_steps (step) VALUES ($1)", [index + 1]);
  }
}

async function appliedSteps(client: Pool | PoolClient): Promise<number> {
  const { rows: found } = await client.query<{ table: string | null }>(
    `SELECT to_regclass('tidemark_lock_steps')::text AS "table"`,
  );
  if (found[0]?.table == null) return 0;
  const { rows } = await client.query<{ step: number | null }>(
    "SELECT max(step) AS step FROM tidemark_lock_steps",
  );
  return rows[0]?.step ?? 0;
}
