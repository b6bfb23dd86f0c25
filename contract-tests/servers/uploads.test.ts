import { afterAll, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import type { BlobSource } from "../../src/registry/registry.ts";
import { openDefault } from "../adapters/default-subject.ts";
import { readAll } from "../suite/harness.ts";
import { openCuttingProxy } from "./cutting-proxy.ts";
import { PEERS, findPeer, peersAreRequired } from "./peers.ts";
import { startServer } from "./server.ts";

const MIB = 1024 * 1024;
/** Three chunks, no two pieces of which are the same. */
const BYTES = Buffer.from(
  Uint8Array.from({ length: 25 * MIB }, (_, at) => (at * 31 + (at >> 16)) % 251),
);
const BLOB = { digest: digestOf(BYTES), size: BYTES.length };

/** docker-registry 2.8 gives an upload up that has other bytes than its last answer said: it begins anew. */
const KINDS = [
  { kind: "docker-registry", goesOn: false },
  { kind: "distribution", goesOn: true },
  { kind: "olareg", goesOn: true },
] as const;

describe.each(KINDS)("an upload to $kind over a connection that breaks", ({ kind, goesOn }) => {
  const isThere = findPeer(kind) !== undefined;
  it.skipIf(!isThere && !peersAreRequired())(`${PEERS[kind]} is installed`, () => {
    expect(isThere).toBe(true);
  });
  if (!isThere) return;
  const server = startServer({ kind });
  afterAll(async () => (await server).stop());

  it.each([
    ["in the first chunk", [4 * MIB]],
    ["in the last chunk", [24 * MIB]],
    ["twice in one chunk and once in the next", [12 * MIB, 14 * MIB, 23 * MIB]],
  ])("arrives when it breaks %s", async (_, cutAfter) => {
    const { host } = await server;
    await using proxy = await openCuttingProxy(host, cutAfter);
    await using opened = await openDefault({ host: proxy.host });
    const { registry, repository } = opened;
    const source = openSource();

    await registry.putBlob(repository, BLOB, source);

    expect(proxy.cuts()).toBe(cutAfter.length);
    const stored = await readAll(await registry.getBlob(repository, BLOB.digest));
    expect(BYTES.equals(stored)).toBe(true);
    const beginnings = source.opened.filter((from) => from === 0);
    expect(beginnings.length > 1).toBe(!goesOn);
  });
});

function openSource(): BlobSource & { readonly opened: readonly number[] } {
  const opened: number[] = [];
  return {
    opened,
    async *open(from) {
      opened.push(from);
      for (let at = from; at < BYTES.length; at += MIB) yield BYTES.subarray(at, at + MIB);
    },
  };
}
