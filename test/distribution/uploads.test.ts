import { describe, expect, it } from "vitest";
import type { FakeRequest } from "../../contract-tests/fakes/message.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { BlobSource } from "../../src/registry/registry.ts";
import { openHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

const MIB = 1024 * 1024;
/** Three chunks. */
const BYTES = new Uint8Array(25 * MIB).map((_, at) => (at * 7) % 253);
const BLOB = { digest: digestBy("sha256", BYTES), size: BYTES.length };

describe("a large blob", () => {
  it("goes up in chunks, and is read once", async () => {
    const harness = await openHarness();
    const source = openSource();

    await put(harness, source);

    expect(harness.log()).toEqual([
      "HEAD 404",
      "POST 202",
      "PATCH 202",
      "PATCH 202",
      "PATCH 202",
      "PUT 201",
    ]);
    expect(stored(harness)).toEqual(Buffer.from(BYTES));
    expect(source.opened).toEqual([0]);
  });

  it("is not looked for when the caller knows that it is absent", async () => {
    const { registry, repository, log } = await openHarness();

    await registry.putBlob(repository, BLOB, openSource(), { isAbsent: true });

    expect(log()[0]).toBe("POST 202");
  });
});

describe("an upload that breaks off", () => {
  it("goes on where it stopped when a chunk did not arrive", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "reset" } }],
    });
    const source = openSource();

    await put(harness, source);

    expect(stored(harness)).toEqual(Buffer.from(BYTES));
    expect(source.opened).toEqual([0, 10 * MIB]);
    expect(posts(harness)).toBe(1);
  });

  it("does not send a chunk again whose answer was lost", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "reset-after" } }],
    });
    const source = openSource();

    await put(harness, source);

    expect(stored(harness)).toEqual(Buffer.from(BYTES));
    expect(harness.log().filter((line) => line.startsWith("PATCH")).length).toBe(3);
    expect(posts(harness)).toBe(1);
  });
});

function openSource(bytes: Uint8Array = BYTES): BlobSource & { readonly opened: number[] } {
  const opened: number[] = [];
  return {
    opened,
    async *open(from) {
      opened.push(from);
      for (let at = from; at < bytes.length; at += 3 * MIB) yield bytes.subarray(at, at + 3 * MIB);
    },
  };
}

async function put({ registry, repository }: Harness, source: BlobSource): Promise<void> {
  await registry.putBlob(repository, BLOB, source);
}

function stored({ fake, repository }: Harness): Uint8Array | undefined {
  return repositoryIn(fake.state, repository.name).blobs.get(BLOB.digest);
}

function posts({ fake }: Harness): number {
  return fake.requests().filter(({ method }) => method === "POST").length;
}

/** The n-th request of a method, counted from 1. */
function nth(method: string, n: number): (request: FakeRequest) => boolean {
  let seen = 0;
  return (request) => request.method === method && ++seen === n;
}
