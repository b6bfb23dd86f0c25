import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { openRegistry } from "../../adapters/default/adapter.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { ociConformant } from "../../contract-tests/fakes/personality.ts";
import { withContentCache } from "../../src/compose/cached-registry.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { createContentCache } from "../../src/journal/content-cache.ts";
import { recordImage } from "../../src/stages/record.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "tidemark-cache-"))));
afterEach(() => rm(dir, { recursive: true }));

describe("a registry with a content cache", () => {
  it("reads a manifest and a config by digest once, and by tag each time", async () => {
    const server = await createFakeRegistry(ociConformant).listen();
    await using http = openHttpClient({ userAgent: "test" });
    const context = {
      host: server.host,
      http,
      credentials,
      env: {},
      options: {},
      sleep: async () => undefined,
      warn: () => undefined,
      now: () => new Date(),
    };
    const cache = createContentCache(dir, () => new Date());
    await using registry = withContentCache(await openRegistry(context), cache);
    const repository = { host: server.host, name: "app" };
    const record = recordImage("app", {}, "2026-11-21T12:00:00Z");
    for (const { descriptor, bytes } of record.blobs) {
      await registry.putBlob(repository, descriptor, once(bytes));
    }
    await registry.putManifest({ ...repository, tag: "cleanup" }, record.manifest);
    const { digest } = record.manifest;
    const config = record.blobs[1]?.descriptor.digest ?? digest;

    const before = http.counts().GET;
    const first = await registry.getManifest({ ...repository, digest });
    const again = await registry.getManifest({ ...repository, digest });
    const blobs = [await text(config), await text(config)];
    const byDigest = http.counts().GET - before;
    await registry.getManifest({ ...repository, tag: "cleanup" });
    await registry.getManifest({ ...repository, tag: "cleanup" });

    expect(Buffer.from(again.bytes)).toEqual(Buffer.from(first.bytes));
    expect(again.mediaType).toBe(record.manifest.mediaType);
    expect(blobs[1]).toBe(blobs[0]);
    expect(await text(config, 3)).toBe(blobs[0]?.slice(3));
    expect(byDigest).toBe(2);
    expect(http.counts().GET - before).toBe(4);
    await server.close();

    async function text(blob: typeof digest, from = 0): Promise<string> {
      return new Response(await registry.getBlob(repository, blob, { from })).text();
    }
  });
});

it("a manifest that is read by tag, and asked for again, is read by digest for nothing", async () => {
  const server = await createFakeRegistry(ociConformant).listen();
  await using http = openHttpClient({ userAgent: "test" });
  const context = {
    host: server.host,
    http,
    credentials,
    env: {},
    options: {},
    sleep: async () => undefined,
    warn: () => undefined,
    now: () => new Date(),
  };
  const cache = createContentCache(dir, () => new Date());
  await using registry = withContentCache(await openRegistry(context), cache);
  const repository = { host: server.host, name: "app" };
  const { manifest } = recordImage("app", {}, "2026-11-21T12:00:00Z");
  await registry.putManifest({ ...repository, tag: "v1" }, manifest);

  const first = await registry.getManifest({ ...repository, tag: "v1" }, { again: true });
  const before = http.counts().GET;
  const second = await registry.getManifest({ ...repository, digest: manifest.digest });

  expect(http.counts().GET - before).toBe(0);
  expect(Buffer.from(second.bytes)).toEqual(Buffer.from(first.bytes));
  await server.close();
});

const credentials = { find: () => Promise.resolve(undefined) };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
