import { once } from "node:events";

import { Command } from "commander";

import { UsageError } from "../commands/error.ts";
import type { LockServer, LockServerOptions } from "../server/open-lock-server.ts";
import type { Host } from "./host.ts";
import { withSynchronizationOptions } from "./synchronization-options.ts";
import type { SynchronizationFlags } from "./synchronization-options.ts";

export function synchronizationCommand(host: Host): Command {
  const command = new Command("synchronization")
    .summary("serve locks to publishers on several machines")
    .description(
      "Serves the locks that --synchronization=http://HOST:PORT asks for, in the protocol of werf, until it is stopped. Plain HTTP: put TLS in front of it.",
    );
  return withSynchronizationOptions(command, host.env).action(
    async (_flags: SynchronizationFlags, action: Command) => {
      const flags = action.opts<SynchronizationFlags>();
      await using server = await openServer(flags, host);
      host.warn(`serving locks at ${server.url}`);
      if (!host.signal.aborted) await once(host.signal, "abort");
    },
  );
}

const SAME_LINE_EVERY_MS = 10_000;

/** What fits into a header. */
const SENDABLE = /^[\x21-\x7e]+$/;

const POSTGRES = /^postgres(?:ql)?:\/\//;

async function openServer(flags: SynchronizationFlags, host: Host): Promise<LockServer> {
  if (flags.kubernetes) {
    throw new UsageError(
      "--kubernetes: this server keeps no locks in a cluster; give publishers --synchronization=kubernetes://NAMESPACE, or this server --store=postgres://…",
    );
  }
  const isShared = POSTGRES.test(flags.store);
  if (!isShared && flags.store !== "memory") {
    throw new UsageError("--store: write memory or postgres://USER:PASSWORD@HOST/DATABASE");
  }
  if (flags.token !== undefined && !SENDABLE.test(flags.token)) {
    throw new UsageError("--token: write visible ASCII characters, without spaces or a line end");
  }
  const { createMetrics } = await import("../server/metrics.ts");
  const { openStore } = await import("../server/open-store.ts");
  const { sayOnce } = await import("../server/say-once.ts");
  const metrics = createMetrics();
  const graceMs = flags.grace ?? (isShared ? 0 : flags.ttl);
  const store = await openStore({
    ...(isShared ? { postgres: flags.store } : {}),
    ttlMs: flags.ttl,
    graceMs,
    maxLocks: flags.maxLocks,
    connections: flags.storeConnections,
    timeoutMs: flags.storeTimeout,
    onConflict: () => metrics.conflicted(),
  });
  const server = await listen(flags, {
    host: flags.host,
    port: flags.port,
    store,
    metrics,
    ...(flags.token === undefined ? {} : { token: flags.token }),
    maxBodyBytes: flags.maxBody,
    maxConnections: flags.maxConnections,
    requestTimeoutMs: flags.requestTimeout,
    onFailure: sayOnce((line) => host.warn(`tidemark: ${line}`), {
      everyMs: SAME_LINE_EVERY_MS,
      now: () => performance.now(),
    }),
  });
  host.warn(`locks are kept in ${store.name}`);
  if (!isShared && graceMs > 0) {
    host.warn(`nothing is given for ${graceMs / 1000} s: it may be out from before (--grace)`);
  }
  return server;
}

/** What Node says of an address that cannot be listened on. */
const NOT_LISTENING = /^(?:EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND|EAI_AGAIN|EINVAL)$/;

async function listen(
  { host, port }: SynchronizationFlags,
  options: LockServerOptions,
): Promise<LockServer> {
  const { openLockServer } = await import("../server/open-lock-server.ts");
  try {
    return await openLockServer(options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!NOT_LISTENING.test(code)) throw error;
    throw new UsageError(
      `cannot listen on ${host}:${port}: ${code}; choose another --host or --port`,
    );
  }
}
