import { onTestFinished } from "vitest";

import { openHttpClient } from "../../../src/http/open-client.ts";
import { openHttpLocks } from "../../../src/locks/http/http-locks.ts";
import type { HttpLocksDeps } from "../../../src/locks/http/http-locks.ts";
import { lockRepository } from "../../../src/locks/lock-repository.ts";
import type { AcquireOptions, LockManager } from "../../../src/locks/lock.ts";
import type { Harness } from "../../distribution/harness.ts";

/** Locks of a publisher of the project `shop`, on a machine of its own, who does not wait long between two tries. */
export function openHttpPublisher(
  { registry, repository }: Pick<Harness, "registry" | "repository">,
  { url }: { readonly url: string },
  deps: Partial<HttpLocksDeps> = {},
): LockManager {
  const http = openHttpClient({ userAgent: "test", sleep: async () => undefined });
  const place = lockRepository({ project: "shop", repository }, () => Promise.resolve(registry));
  const locks = openHttpLocks(url, place, {
    http: () => Promise.resolve(http),
    warn: () => undefined,
    now: () => new Date(),
    sleep: () => Promise.resolve(),
    ...deps,
    timings: { renewEveryMs: 5, pollEveryMs: 5, retryMs: 5, ...deps.timings },
  });
  onTestFinished(async () => {
    await locks[Symbol.asyncDispose]();
    await http[Symbol.asyncDispose]();
  });
  return locks;
}

export function patience(waitMs = 60_000): AcquireOptions {
  return { waitMs, signal: AbortSignal.timeout(60_000) };
}
