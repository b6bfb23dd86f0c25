import { expect, it } from "vitest";

import { shareRegistry } from "../../src/compose/shared-registry.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { createMemoryRegistry } from "../properties/memory-registry.ts";

it("is opened once for all who have it, and closed by the last of them", async () => {
  const { open, log } = world();
  const share = shareRegistry(open);

  const first = await share();
  const second = await share();
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  expect(log).toEqual(["opened"]);
  await second[Symbol.asyncDispose]();

  expect(log).toEqual(["opened", "closed"]);
});

it("is opened anew for whoever comes after it was closed", async () => {
  const { open, log } = world();
  const share = shareRegistry(open);
  const first = await share();
  await first[Symbol.asyncDispose]();

  const second = await share();
  await second[Symbol.asyncDispose]();

  expect(log).toEqual(["opened", "closed", "opened", "closed"]);
});

it("is tried again after it could not be opened", async () => {
  const { open, log } = world();
  let isBroken = true;
  const share = shareRegistry(() => (isBroken ? Promise.reject(new Error("busy")) : open()));
  await expect(share()).rejects.toThrow("busy");
  isBroken = false;

  await share();

  expect(log).toEqual(["opened"]);
});

function world(): { open: () => Promise<Registry>; log: string[] } {
  const log: string[] = [];
  return {
    log,
    async open() {
      log.push("opened");
      const registry = createMemoryRegistry({
        tags: new Map(),
        manifests: new Map(),
        blobs: new Map(),
        uploads: new Map(),
      });
      return { ...registry, [Symbol.asyncDispose]: async () => void log.push("closed") };
    },
  };
}
