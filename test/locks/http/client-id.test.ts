import { expect, it, onTestFinished } from "vitest";

import { openHttpClient } from "../../../src/http/open-client.ts";
import { findClientId, oldestId } from "../../../src/locks/http/client-id.ts";
import { openLockServer } from "../../../src/locks/http/lock-server.ts";
import { lockRepository } from "../../../src/locks/lock-repository.ts";
import type { LockRepository } from "../../../src/locks/lock-repository.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { recordImage } from "../../../src/stages/record.ts";
import { classifyTag } from "../../../src/stages/tag.ts";
import { putRecord } from "../../../src/registry/put-record.ts";
import { openHarness } from "../../distribution/harness.ts";
import { startFakeLockServer } from "./fake-lock-server.ts";

const UUID = "0191b4b0-1111-4222-8333-444455556666";

it.each([
  [[], undefined],
  [["client-id-a-2", "client-id-b-1", "client-id-c-3"], "b"],
  [["client-id-a-10", "client-id-b-9"], "b"],
  [["client-id-b-1", "client-id-a-1"], "a"],
  [[`client-id-${UUID}-3568000000000`, "latest"], UUID],
  [["client-id-", "client-id-x", "client-id--1", "xclient-id-a-1"], undefined],
])("of %j the oldest id is %s", (tags, expected) => {
  expect(oldestId(tags)).toBe(expected);
});

it("the id that others wrote is used, and nothing is written", async () => {
  const { place, find, tags } = await world();
  await write(place, `client-id-${UUID}-3568000000000`);

  expect(await find()).toBe(UUID);
  expect(await tags()).toHaveLength(1);
});

it("a server of others is asked for an id, which the repository keeps for everybody", async () => {
  const { find, tags, requests } = await world();

  const id = await find();
  expect(await find()).toBe(id);

  const [tag = "", ...rest] = await tags();
  expect(rest).toEqual([]);
  expect(tag).toMatch(new RegExp(`^client-id-${id}-[0-9]{13}$`));
  expect(classifyTag(tag)).toEqual({ kind: "client-id" });
  expect(requests.filter(({ path }) => path === "/new-client-id")).toHaveLength(1);
});

it("the time of an id sorts after those that others wrote before", async () => {
  const { find, tags } = await world({ now: new Date("2026-11-21T20:00:00.123Z") });
  await find();

  const [tag = ""] = await tags();
  expect(Number(tag.split("-").at(-1))).toBe(2 * Date.parse("2026-11-21T20:00:00Z") + 123);
});

it("who finds that another was first uses the other's", async () => {
  const { place, find } = await world({
    meanwhile: (place) => write(place, `client-id-${UUID}-1`),
  });

  expect(await find()).toBe(UUID);
  expect(oldestId(await place.listTags(AbortSignal.timeout(60_000)))).toBe(UUID);
});

it("at a server of ours two first runs have the same id, and other repositories another", async () => {
  const { url, place } = await world({ isOurs: true });
  const { registry } = place;
  const unwritten = { ...place, listTags: async () => [] };

  const id = await find(url, unwritten);

  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(await find(url, unwritten)).toBe(id);
  expect(await find(url, { ...unwritten, project: "other" })).not.toBe(id);
  const repository = { ...place.repository, name: "acme/other" };
  expect(await find(url, { ...unwritten, registry, repository })).not.toBe(id);
});

it("only the first at a foreign server waits for others who are first, too", async () => {
  let waited = 0;
  const meanwhile = async (): Promise<void> => void (waited += 1);
  const ours = await world({ isOurs: true, meanwhile });
  const foreign = await world({ meanwhile });

  await ours.find();
  expect(waited).toBe(0);
  await foreign.find();
  await foreign.find();
  expect(waited).toBe(1);
});

it("who may not write the id uses a server of ours all the same, and says what that means", async () => {
  const { place, url } = await world({ isOurs: true });
  const warnings: string[] = [];

  await expect(find(url, readOnly(place), warnings)).resolves.toMatch(/^[0-9a-f-]{36}$/);
  expect(warnings).toEqual([
    expect.stringContaining("so publishers of other programs do not find them: not you"),
  ]);
});

it("who may not write the id of a foreign server is refused: nobody would find those locks", async () => {
  const { place, url } = await world();

  await expect(find(url, readOnly(place))).rejects.toMatchObject({
    name: "LockError",
    code: "refused",
    message: expect.stringContaining("so nobody else would find them"),
  });
});

async function world(
  options: {
    readonly isOurs?: boolean;
    readonly now?: Date;
    readonly meanwhile?: (place: LockRepository) => Promise<void>;
  } = {},
) {
  const { isOurs = false, now = new Date(), meanwhile } = options;
  const { registry, repository } = await openHarness();
  const server = await startFakeLockServer({ isOurs });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const place = lockRepository({ project: "shop", repository }, () => Promise.resolve(registry));
  return {
    url: server.url,
    place,
    requests: server.requests,
    tags: () => place.listTags(AbortSignal.timeout(60_000)),
    find: () => find(server.url, place, [], now, () => meanwhile?.(place)),
  };
}

async function find(
  url: string,
  place: LockRepository,
  warnings: string[] = [],
  now = new Date(),
  meanwhile: () => Promise<void> | undefined = () => undefined,
): Promise<string> {
  await using http = openHttpClient({ userAgent: "test" });
  const server = openLockServer(url, { http: () => Promise.resolve(http) });
  const deps = {
    warn: (message: string) => void warnings.push(message),
    now: () => now,
    sleep: async () => meanwhile(),
  };
  const signal = AbortSignal.timeout(60_000);
  return await findClientId(server, place, await place.listTags(signal), deps, signal);
}

async function write({ registry, repository }: LockRepository, tag: string): Promise<void> {
  const record = recordImage("shop", {}, new Date().toISOString());
  await putRecord(await registry(), { ...repository, tag }, record);
}

function readOnly(place: LockRepository): LockRepository {
  const refuse = (): Promise<never> => Promise.reject(new RegistryError("denied", "not you"));
  return {
    ...place,
    registry: async () => ({ ...(await place.registry()), putBlob: refuse, putManifest: refuse }),
  };
}
