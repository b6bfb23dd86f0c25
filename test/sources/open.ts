import { resolve } from "node:path";

import { onTestFinished } from "vitest";

import { openRegistry } from "../../adapters/layout/adapter.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { DIRECTORY_HOST } from "../../src/oci/reference.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { openSource } from "../../src/sources/open.ts";
import type { Source } from "../../src/sources/source.ts";
import { scratch } from "./files.ts";

export interface Opened {
  readonly source: Source;
  readonly warnings: readonly string[];
}

/** Opens a source, which is disposed when the test is over. */
export async function openTested(
  text: string,
  { registry, signal }: { readonly registry?: Registry; readonly signal?: AbortSignal } = {},
): Promise<Opened> {
  const warnings: string[] = [];
  const directories = await openDirectories();
  const source = await openSource(text, {
    openRegistry: async ({ host }) => {
      if (host === DIRECTORY_HOST) return directories;
      if (registry === undefined) throw new Error(`${host} was opened`);
      return registry;
    },
    resolvePath: (path) => resolve(path),
    tempDir: await scratch(),
    warn: (message) => warnings.push(message),
    signal: signal ?? new AbortController().signal,
  });
  onTestFinished(() => source[Symbol.asyncDispose]());
  return { source, warnings };
}

/** The bytes of a blob from an offset on. */
export async function read(source: Source, digest: Digest, from = 0): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.openBlob(digest, from, new AbortController().signal)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The registry of directories, disposed when the test is over. */
export async function openDirectories(): Promise<Registry> {
  const registry = await openRegistry({
    host: DIRECTORY_HOST,
    http: {
      send: () => Promise.reject(new Error("the network was asked")),
      counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    credentials: { find: async () => undefined },
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now: () => new Date(),
  });
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return registry;
}
