import { createMemoryStore } from "./memory-store.ts";
import type { PostgresStoreOptions } from "./postgres/open-postgres-store.ts";
import type { LeaseStore } from "./store.ts";

export interface StoreOptions extends Omit<PostgresStoreOptions, "address"> {
  /** Absent: this process keeps the records itself. */
  readonly postgres?: string;
  /** For a store without memory of what was before. Milliseconds. */
  readonly graceMs: number;
}

/** Rejects with `StoreError`. */
export async function openStore({ postgres, ...options }: StoreOptions): Promise<LeaseStore> {
  if (postgres === undefined) return createMemoryStore({ ...options, now: steadyNow });
  const { openPostgresStore } = await import("./postgres/open-postgres-store.ts");
  return openPostgresStore({ ...options, address: postgres });
}

/** Milliseconds since 1970, of a clock that nobody sets while the process runs. */
function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
