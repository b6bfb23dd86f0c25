import { randomUUID } from "node:crypto";
import { afterAll, expect, it } from "vitest";
import { createFakeRegistry } from "../fakes/distribution.ts";
import { ociConformant } from "../fakes/personality.ts";
import { findPeer, peersAreRequired } from "../servers/peers.ts";
import { startServer } from "../servers/server.ts";
import type { Listening } from "../fakes/serve.ts";
import type { Server } from "../servers/server.ts";
import { describeConformance } from "./checks.ts";

const fake = await createFakeRegistry(ociConformant).listen();
afterAll(() => fake.close());
describeConformance("the registry in this process", () => repositoryOn(fake));

// A registry of others passes the same checks: they are the specification's and not ours alone.
const peers = findPeer("olareg") === undefined ? [] : [await startServer({ kind: "olareg" })];
it.skipIf(peers.length === 0 && !peersAreRequired())("olareg passes the same checks", () => {
  expect(peers).toHaveLength(1);
});
for (const peer of peers) {
  afterAll(() => peer.stop());
  describeConformance("olareg", () => repositoryOn(peer), { isLenient: true });
}

async function repositoryOn({ url }: Listening | Server): Promise<{ url: string; name: string }> {
  return { url, name: `conformance/${randomUUID()}` };
}
