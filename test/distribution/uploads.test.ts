import { describe, expect, it } from "vitest";
import { answer } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest } from "../../contract-tests/fakes/message.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { BlobSource } from "../../src/registry/registry.ts";
import { openHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

const MIB = 1024 * 1024;
/** Three chunks. */
const BYTES = Buffer.alloc(25 * MIB, "some bytes and ");
const BLOB = { digest: digestBy("sha256", BYTES), size: BYTES.length };

const CHUNKED = ["POST 202", "PATCH 202", "PATCH 202", "PATCH 202", "PUT 201"];

describe("a large blob", () => {
  it("goes up in chunks, and is read once", async () => {
    const harness = await openHarness();
    const source = openSource();

    await put(harness, source);

    expect(harness.log()).toEqual(["HEAD 404", ...CHUNKED]);
    expect(isStored(harness)).toBe(true);
    expect(source.opened).toEqual([0]);
  });

  it("is not looked for when the caller knows that it is absent", async () => {
    const { registry, repository, log } = await openHarness();

    await registry.putBlob(repository, BLOB, openSource(), { isAbsent: true });

    expect(log()).toEqual(CHUNKED);
  });

  it("goes up in chunks as large as the registry wants them at least", async () => {
    const harness = await openHarness({ fake: { minChunkBytes: 12 * MIB } });

    await put(harness, openSource());

    expect(harness.log()).toEqual(["HEAD 404", ...CHUNKED]);
  });

  it.each([
    ["other bytes at its end", Buffer.concat([BYTES.subarray(0, -1), Buffer.from("!")])],
    ["other bytes at its beginning", Buffer.concat([Buffer.from("!"), BYTES.subarray(1)])],
    ["fewer bytes", BYTES.subarray(0, -1)],
    ["more bytes", Buffer.concat([BYTES, Buffer.from("!")])],
  ])("is refused with %s, stores nothing and leaves no upload", async (_, content) => {
    const harness = await openHarness();

    const putting = put(harness, openSource(content));

    await expect(putting).rejects.toMatchObject({ name: "RegistryError", code: "invalid" });
    const { blobs, uploads } = repositoryIn(harness.fake.state, harness.repository.name);
    expect([blobs.size, uploads.size]).toEqual([0, 0]);
    expect(harness.log()).not.toContain("PUT 201");
  });

  it("goes up in one request where a chunk is refused, and so does the next one", async () => {
    const harness = await openHarness({
      faults: [
        {
          when: ({ method }) => method === "PATCH",
          fault: { kind: "status", status: 405, code: "UNSUPPORTED" },
        },
      ],
    });
    const { registry, repository } = harness;

    await put(harness, openSource());

    expect(harness.log()).toEqual([
      "HEAD 404",
      "POST 202",
      "PATCH 405",
      "DELETE 204",
      "POST 202",
      "PUT 201",
    ]);
    const other = { ...repository, name: "acme/other" };
    await registry.putBlob(other, BLOB, openSource());
    expect(harness.log()).toEqual(["HEAD 404", "POST 202", "PUT 201"]);
  });
});

describe("an upload that breaks off", () => {
  it("goes on where it stopped when a chunk did not arrive", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "reset" } }],
    });
    const source = openSource();

    await put(harness, source);

    expect(isStored(harness)).toBe(true);
    expect(source.opened).toEqual([0, 10 * MIB]);
    expect(count(harness, "POST")).toBe(1);
  });

  it("does not send a chunk again whose answer was lost", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "reset-after" } }],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
    expect([count(harness, "POST"), count(harness, "PATCH")]).toEqual([1, 3]);
  });

  it("asks where it is when its chunk is out of order", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "status", status: 416 } }],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
    expect(harness.log().filter((line) => /GET|POST/.test(line))).toEqual(["POST 202", "GET 204"]);
  });

  it("begins anew when the registry does not know it any more", async () => {
    const harness = await openHarness({
      faults: [
        {
          when: nth("PATCH", 3),
          times: 1,
          before: () => repositoryIn(harness.fake.state, harness.repository.name).uploads.clear(),
        },
      ],
    });
    const source = openSource();

    await put(harness, source);

    expect(isStored(harness)).toBe(true);
    expect(source.opened).toEqual([0, 0]);
    expect(count(harness, "POST")).toBe(2);
  });

  it("begins anew when the registry cannot say where it is", async () => {
    const harness = await openHarness({
      faults: [
        { when: nth("PATCH", 2), times: 1, fault: { kind: "reset" } },
        { when: nth("GET", 1), times: 1, fault: { kind: "answer", response: answer(204) } },
      ],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
    expect(count(harness, "POST")).toBe(2);
  });

  it("begins anew when a server that broke off has kept some bytes twice", async () => {
    const harness = await openHarness({
      faults: [
        {
          when: nth("PATCH", 2),
          times: 1,
          before: () => {
            for (const upload of repositoryIn(harness.fake.state, "acme/api").uploads.values()) {
              upload.chunks = [...upload.chunks.slice(0, -1), Buffer.alloc(10 * MIB)];
            }
          },
          fault: { kind: "reset-after" },
        },
      ],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
    expect(harness.log().filter((line) => /PUT/.test(line))).toEqual(["PUT 400", "PUT 201"]);
  });

  it("waits and goes on when the registry is out of order for a while", async () => {
    const harness = await openHarness({
      faults: [
        { when: nth("PATCH", 2), times: 1, fault: { kind: "status", status: 503 } },
        { when: nth("PATCH", 3), times: 1, fault: { kind: "throttled", retryAfter: "1" } },
      ],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
    expect(count(harness, "POST")).toBe(1);
  });

  it("is given up after a bounded number of tries, with what the registry said", async () => {
    const harness = await openHarness({
      faults: [
        {
          when: ({ method }) => method === "PATCH",
          fault: { kind: "status", status: 503, code: "UNAVAILABLE" },
        },
      ],
    });

    const putting = put(harness, openSource());

    await expect(putting).rejects.toMatchObject({ code: "unavailable", status: 503 });
    expect(count(harness, "PATCH")).toBe(6);
    expect(repositoryIn(harness.fake.state, harness.repository.name).uploads.size).toBe(0);
  });

  it("goes on when its source breaks off and can be read again", async () => {
    const harness = await openHarness();
    const whole = openSource();
    const source: BlobSource = {
      open: (from) => (from === 0 ? breaking(whole.open(0), 6) : whole.open(from)),
    };

    await put(harness, source);

    expect(isStored(harness)).toBe(true);
    expect(count(harness, "POST")).toBe(1);
  });

  it("fails with its source's failure when that does not pass", async () => {
    const harness = await openHarness();
    const gone: BlobSource = {
      open: () => breaking(openSource().open(0), 6, new Error("no disk")),
    };

    await expect(put(harness, gone)).rejects.toThrow("no disk");

    const { blobs, uploads } = repositoryIn(harness.fake.state, harness.repository.name);
    expect([blobs.size, uploads.size]).toEqual([0, 0]);
  });

  it("fails when its content cannot be read again", async () => {
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), times: 1, fault: { kind: "reset" } }],
    });
    const { registry, repository } = harness;

    const putting = registry.putBlob(repository, BLOB, openSource().open(0));

    await expect(putting).rejects.toMatchObject({ code: "unavailable" });
  });

  it("gets a new token when the one it was sent with has run out", async () => {
    const harness = await openHarness({
      credentials: { kind: "password", username: "bot", password: "s3cret" },
      fake: { auth: { kind: "bearer", users: [{ username: "bot", password: "s3cret" }] } },
      faults: [{ when: nth("PATCH", 2), before: () => harness.fake.revokeTokens() }],
    });

    await put(harness, openSource());

    expect(isStored(harness)).toBe(true);
  });

  it("stops at once when it is aborted", async () => {
    const abort = new AbortController();
    const reason = new Error("the user pressed ctrl-c");
    const harness = await openHarness({
      faults: [{ when: nth("PATCH", 2), before: () => abort.abort(reason) }],
    });
    const { registry, repository } = harness;
    const source = openSource();

    const putting = registry.putBlob(repository, BLOB, source, { signal: abort.signal });

    await expect(putting).rejects.toBe(reason);
    expect(count(harness, "PATCH")).toBeLessThanOrEqual(2);
    expect(source.closed()).toBe(true);
  });
});

it("a small blob goes up when its source breaks off and can be read again", async () => {
  const { registry, repository, fake } = await openHarness();
  const bytes = Buffer.from("a small layer");
  const blob = { digest: digestBy("sha256", bytes), size: bytes.length };
  let opened = 0;
  const source: BlobSource = {
    open(from) {
      opened += 1;
      return opened === 1
        ? breaking(openSource(bytes).open(from), 0)
        : openSource(bytes).open(from);
    },
  };

  await registry.putBlob(repository, blob, source);

  expect(opened).toBe(2);
  expect(repositoryIn(fake.state, repository.name).blobs.get(blob.digest)).toEqual(bytes);
});

interface TestSource extends BlobSource {
  /** Where it was opened, in order. */
  readonly opened: readonly number[];
  /** Whether nobody holds it open. */
  readonly closed: () => boolean;
}

function openSource(bytes: Uint8Array = BYTES): TestSource {
  const opened: number[] = [];
  let open = 0;
  return {
    opened,
    closed: () => open === 0,
    async *open(from) {
      opened.push(from);
      open += 1;
      try {
        for (let at = from; at < bytes.length; at += 3 * MIB) {
          yield bytes.subarray(at, at + 3 * MIB);
        }
      } finally {
        open -= 1;
      }
    },
  };
}

/** So many pieces, then a failure. */
async function* breaking(
  content: AsyncIterable<Uint8Array>,
  pieces: number,
  failure: Error = new RegistryError("unavailable", "source.test: it broke off"),
): AsyncGenerator<Uint8Array> {
  let left = pieces;
  for await (const piece of content) {
    if (left === 0) throw failure;
    left -= 1;
    yield piece;
  }
}

async function put({ registry, repository }: Harness, source: BlobSource): Promise<void> {
  await registry.putBlob(repository, BLOB, source);
}

function isStored({ fake, repository }: Harness): boolean {
  return BYTES.equals(
    repositoryIn(fake.state, repository.name).blobs.get(BLOB.digest) ?? Buffer.of(),
  );
}

function count({ fake }: Harness, method: string): number {
  return fake.requests().filter((request) => request.method === method).length;
}

/** The n-th request of a method, counted from 1. */
function nth(method: string, n: number): (request: FakeRequest) => boolean {
  let seen = 0;
  return (request) => request.method === method && ++seen === n;
}
