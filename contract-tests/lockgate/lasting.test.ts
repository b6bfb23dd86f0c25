import { setTimeout as pause } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { openHttpClient } from "../../src/http/open-client.ts";
import { createHttpBackend } from "../../src/locks/http/http-backend.ts";
import { openLockServer } from "../../src/locks/http/lock-server.ts";
import { openLeasedLocks } from "../../src/locks/leased/leased-locks.ts";
import type { AcquireOptions, LockManager } from "../../src/locks/lock.ts";
import {
  VERSIONS,
  missingForLockgate,
  startLockgateClient,
  startLockgateServer,
} from "./lockgate.ts";

const LOCK = "shop.1";
const isMissing = missingForLockgate().length > 0;

// Much of it is waiting, so all of it waits at once.
const each = { concurrent: true };

describe.skipIf(isMissing).each(VERSIONS)(
  "our client at a server of lockgate %s",
  each,
  (version) => {
    it("keeps a lease for longer than it lasts, and takes over one whose holder died", async () => {
      await using server = await startLockgateServer(version);
      await using other = startLockgateClient(version, `${server.url}/client/locker`);
      await using locks = openLocks(server.url);
      const held = await locks.acquire(LOCK, patience());
      await other.acquire("a", "shop.2");

      await other.kill();
      await pause(11_500);
      const inherited = await locks.acquire("shop.2", patience());

      expect(held.signal.aborted).toBe(false);
      expect(held.remainingMs()).toBeGreaterThan(0);
      await expect(locks.acquire(LOCK, patience(0))).rejects.toMatchObject({ code: "busy" });
      await inherited.release();
    });
  },
);

function openLocks(url: string): LockManager {
  const http = openHttpClient({ userAgent: "test" });
  const server = openLockServer(url, { http: () => Promise.resolve(http) });
  const locks = openLeasedLocks(
    createHttpBackend(server, () => Promise.resolve("client")),
    {
      warn: () => undefined,
    },
  );
  return {
    ...locks,
    async [Symbol.asyncDispose]() {
      await locks[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
    },
  };
}

function patience(waitMs = 30_000): AcquireOptions {
  return { waitMs, signal: AbortSignal.timeout(60_000) };
}
