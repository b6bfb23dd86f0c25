/**
 * What the database is to look like, one statement a step. Steps are only ever added: servers of different versions
 * may share a database while they are replaced.
 */
export const MIGRATIONS: readonly string[] = [
  "CREATE SEQUENCE tidemark_lock_versions",
  // Half of each page stays free for the next versions of its rows: a lease is written every three seconds.
  `CREATE TABLE tidemark_locks (
     client_id    text        NOT NULL,
     lock_name    text        NOT NULL,
     -- Never the same twice, even after a row was deleted: whoever saw an old row cannot change a new one.
     version      bigint      NOT NULL,
     needed_until timestamptz NOT NULL,
     record       jsonb       NOT NULL,
     PRIMARY KEY (client_id, lock_name)
   ) WITH (fillfactor = 50)`,
];
