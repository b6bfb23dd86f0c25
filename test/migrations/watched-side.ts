import { assemble, createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeOptions } from "../../contract-tests/fakes/distribution.ts";
import { watch } from "../publishers/watched.ts";
import type { Seen } from "../publishers/watched.ts";
import { openSimulated } from "../scenarios/backend-vendor.ts";
import type { Backend } from "../scenarios/backend.ts";

/** A registry of this process and everything that reached it. */
export interface WatchedSide extends AsyncDisposable {
  readonly backend: Backend;
  /** Every request that it served, faults before it left out. */
  readonly served: readonly Seen[];
  /** Makes every token that was issued so far worthless. */
  expireTokens(): void;
}

export async function openWatchedSide(options: FakeOptions = {}): Promise<WatchedSide> {
  const registry = createFakeRegistry(options);
  const { handle, requests } = watch(registry.handle);
  const watched = assemble({ ...registry, gate: registry }, handle);
  const backend = await openSimulated(watched, { untags: true });
  return {
    backend,
    served: requests,
    expireTokens: () => registry.revokeTokens(),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

/** Blobs that a registry stored more than once. */
export function storedTwice(served: readonly Seen[]): readonly string[] {
  const stored = served.flatMap((seen) => seen.stored ?? []);
  return stored.filter((digest, at) => stored.indexOf(digest) !== at);
}
