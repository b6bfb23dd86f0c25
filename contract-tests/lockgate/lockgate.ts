import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { findPeer, requirePeer } from "../servers/peers.ts";
import type { Peer } from "../servers/peers.ts";
import { freePort, start } from "../servers/run.ts";

/** Versions of the public implementation: what is in use, and the one that knows a queue. */
export const VERSIONS = ["0.1.1", "0.2.0"] as const;

export type Version = (typeof VERSIONS)[number];

/** Programs that are not installed here. */
export function missingForLockgate(): readonly Peer[] {
  return VERSIONS.map(peerOf).filter((peer) => findPeer(peer) === undefined);
}

/** lockgate's own server. */
export interface LockgateServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; serves `/CLIENT_ID/locker/…` and nothing else. */
  readonly url: string;
}

export async function startLockgateServer(version: Version): Promise<LockgateServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const program = requirePeer(peerOf(version));
  const server = await start({ program, args: ["serve", address], isReady: () => answers(url) });
  return { url, [Symbol.asyncDispose]: () => server.stop() };
}

/** A process with lockgate's own client. Any word may name a lease of it. */
export interface LockgateClient extends AsyncDisposable {
  /** `acquired UUID`, `timeout` or `error …`; polls every two seconds. */
  acquire(id: string, lock: string, options?: LockgateAcquire): Promise<string>;
  /** `released` or `error …` */
  release(id: string): Promise<string>;
  /** Resolves when the client says that it lost the lease. */
  lost(id: string): Promise<void>;
  /** Ends it without a word. */
  kill(): Promise<void>;
}

export interface LockgateAcquire {
  readonly shared?: boolean;
  /** Default: 60. */
  readonly seconds?: number;
  /** Keeps a place in the queue, from version 0.2.0 on. */
  readonly acquirer?: string;
}

/** @param url Of the locker: `http://HOST:PORT/CLIENT_ID/locker`. */
export function startLockgateClient(version: Version, url: string): LockgateClient {
  const child = spawn(requirePeer(peerOf(version)), ["client", url], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const wake of waiting) wake();
  });
  const ended = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };

  return {
    acquire(id, lock, { shared = false, seconds = 60, acquirer = "" } = {}) {
      const kind = shared ? "shared" : "alone";
      child.stdin.write(`acquire ${id} ${lock} ${kind} ${seconds} ${acquirer}\n`);
      return said(id, /^(?:acquired|timeout|error)/);
    },
    release(id) {
      child.stdin.write(`release ${id}\n`);
      return said(id, /^(?:released|error)/);
    },
    lost: async (id) => void (await said(id, /^lost$/)),
    kill,
    [Symbol.asyncDispose]: kill,
  };

  /** What is said of a lease, taken out of what was said. */
  async function said(id: string, what: RegExp): Promise<string> {
    for (;;) {
      const at = lines.findIndex((line) => line.startsWith(`${id} `) && what.test(textOf(line)));
      const [line] = at === -1 ? [] : lines.splice(at, 1);
      if (line !== undefined) return textOf(line);
      await new Promise<void>((wake) => {
        const once = (): void => {
          waiting.delete(once);
          wake();
        };
        waiting.add(once);
      });
    }
  }
}

function textOf(line: string): string {
  return line.slice(line.indexOf(" ") + 1);
}

function peerOf(version: Version): Peer {
  return `lockgate ${version}`;
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false; // Not listening yet.
  }
}
