import { expect, it } from "vitest";
import { createRepository } from "../../../contract-tests/fakes/state.ts";
import { createRecordWriter } from "../../../src/commands/publish/records-writer.ts";
import { isRegistryError } from "../../../src/registry/error.ts";
import { createMemoryRegistry, failure } from "../../properties/memory-registry.ts";

const REPOSITORY = { host: "memory.test", name: "shop/app" };

it.each([
  ["denied", "conflict", true],
  ["invalid", "conflict", true],
  ["denied", "denied", false],
  ["unavailable", "unavailable", true],
] as const)(
  "a refusal that is called %s is a %s where the tag is there: %s",
  async (called, code, isThere) => {
    const registry = createMemoryRegistry(createRepository());
    const { signal } = new AbortController();
    const deps = { now: () => new Date(0), signal };
    const home = { registry, repository: REPOSITORY, project: "shop" };
    if (isThere) await createRecordWriter(home, deps)("managed-image-app", {});
    const putManifest = (): Promise<never> => Promise.reject(failure(called, "tag"));
    const refusing = { ...home, registry: { ...registry, putManifest } };

    const error = await createRecordWriter(refusing, deps)("managed-image-app", {}).then(
      () => undefined,
      (reason: unknown) => reason,
    );

    expect(isRegistryError(error) && error.code).toBe(code);
  },
);
