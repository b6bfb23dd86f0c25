import { setTimeout as pass } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { serveLocks } from "../../test/server/lock-server.ts";
import { isTimeless, readTranscripts, replay } from "../../test/server/transcript.ts";
import type { Transcript } from "../../test/server/transcript.ts";
import { peersAreRequired } from "../servers/peers.ts";
import {
  VERSIONS,
  missingForLockgate,
  startLockgateClient,
  startLockgateServer,
} from "./lockgate.ts";

const missing = missingForLockgate();

it.skipIf(missing.length > 0 && !peersAreRequired())("lockgate is installed", () => {
  expect(missing).toEqual([]);
});

// Much of it is waiting, so all of it waits at once.
const each = { concurrent: true };

describe.skipIf(missing.length > 0).each(VERSIONS)("lockgate %s", each, (version) => {
  const own = readTranscripts().filter(({ of }) => of.includes(version));

  it("has transcripts to answer to", () => {
    expect(own.length).toBeGreaterThan(8);
  });

  it("answers itself as in those that take time", async () => {
    const timed = own.filter((transcript) => !isTimeless(transcript));

    await expect(Promise.all(timed.map(replayOnItself))).resolves.toHaveLength(timed.length);
  });

  it.each(own.filter(isTimeless))("answers itself as in $name", async (transcript) => {
    await expect(replayOnItself(transcript)).resolves.toBeUndefined();
  });

  async function replayOnItself(transcript: Transcript): Promise<void> {
    await using server = await startLockgateServer(version);
    await replay(server.url, transcript, pass);
  }

  it("takes locks in turns as a client of our server", async () => {
    await using server = await serveLocks();
    await using one = startLockgateClient(version, `${server.url}/client/locker`);
    await using two = startLockgateClient(version, `${server.url}/client/locker`);

    expect(await one.acquire("a", "shop.1")).toMatch(/^acquired /);
    expect(await two.acquire("b", "shop.1", { seconds: 1 })).toBe("timeout");
    expect(await two.acquire("c", "shop.2")).toMatch(/^acquired /);
    expect(await one.release("a")).toBe("released");
    expect(await two.acquire("d", "shop.1")).toMatch(/^acquired /);
  });

  it("shares locks as a client of our server", async () => {
    await using server = await serveLocks();
    await using one = startLockgateClient(version, `${server.url}/client/locker`);
    await using two = startLockgateClient(version, `${server.url}/client/locker`);

    const first = await one.acquire("a", "shop.1", { shared: true });
    expect(await two.acquire("b", "shop.1", { shared: true })).toBe(first);
    expect(await one.release("a")).toBe("released");
    expect(await one.acquire("c", "shop.1", { seconds: 1 })).toBe("timeout");
    expect(await two.release("b")).toBe("released");
    expect(await one.acquire("d", "shop.1")).toMatch(/^acquired /);
  });

  it("hears from our server that it lost a lease", async () => {
    await using server = await serveLocks();
    await using one = startLockgateClient(version, `${server.url}/client/locker`);
    await using two = startLockgateClient(version, `${server.url}/client/locker`);
    await one.acquire("a", "shop.1");

    server.pass(10_001);
    expect(await two.acquire("b", "shop.1")).toMatch(/^acquired /);

    await one.lost("a");
  });

  it("shows a token that stands in the address", async () => {
    await using server = await serveLocks({ token: "s3cret" });
    const address = server.url.replace("//", "//any:s3cret@");
    await using client = startLockgateClient(version, `${address}/client/locker`);
    await using stranger = startLockgateClient(version, `${server.url}/client/locker`);

    expect(await client.acquire("a", "shop.1")).toMatch(/^acquired /);
    expect(await stranger.acquire("b", "shop.2")).toMatch(/^error .* 401 /);
  });
});
