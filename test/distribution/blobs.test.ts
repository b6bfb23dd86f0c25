import { describe, expect, it, onTestFinished } from "vitest";
import { answer } from "../../contract-tests/fakes/message.ts";
import { listen } from "../../contract-tests/fakes/serve.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openHarness } from "./harness.ts";

const SMALL = new TextEncoder().encode("some bytes");
const LARGE = new Uint8Array(3 * 1024 * 1024).map((_, at) => at % 251);

describe.each([
  ["small", SMALL],
  ["large", LARGE],
])("a %s blob", (_, bytes) => {
  const blob = { digest: digestBy("sha256", bytes), size: bytes.length };

  it.each(["relative", "absolute"] as const)(
    "goes up and comes down, %s",
    async (locationStyle) => {
      const { registry, repository } = await openHarness({ fake: { locationStyle } });

      expect(await registry.hasBlob(repository, blob.digest)).toBe(false);
      await registry.putBlob(repository, blob, pieces(bytes));

      expect(await registry.hasBlob(repository, blob.digest)).toBe(true);
      expect(await readAll(await registry.getBlob(repository, blob.digest))).toEqual(
        Buffer.from(bytes),
      );
    },
  );

  it("is not sent when it is there", async () => {
    const { registry, repository, log } = await openHarness();
    await registry.putBlob(repository, blob, pieces(bytes));
    log();

    await registry.putBlob(repository, blob, pieces(bytes));

    expect(log()).toEqual(["HEAD 200"]);
  });

  it.each([
    ["other bytes", bytes.with(0, 7)],
    ["fewer bytes", bytes.subarray(1)],
    ["more bytes", Buffer.concat([bytes, bytes])],
    ["no bytes", new Uint8Array()],
  ])("is refused with %s, and nothing is stored", async (_, content) => {
    const { registry, repository, fake } = await openHarness();

    const putting = registry.putBlob(repository, blob, pieces(content));

    await expect(putting).rejects.toMatchObject({ name: "RegistryError", code: "invalid" });
    expect(repositoryIn(fake.state, repository.name).blobs.size).toBe(0);
  });

  it("rejects with the failure of its source", async () => {
    const { registry, repository } = await openHarness();
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 4);
      throw new Error("the disk is gone");
    }

    await expect(registry.putBlob(repository, blob, failing())).rejects.toThrow("the disk is gone");
  });

  it("arrives although the answer to its last request was lost", async () => {
    const { registry, repository, fake } = await openHarness({
      faults: [
        { when: ({ method }) => method === "PUT", times: 1, fault: { kind: "reset-after" } },
      ],
    });

    await registry.putBlob(repository, blob, pieces(bytes));

    expect(repositoryIn(fake.state, repository.name).blobs.has(blob.digest)).toBe(true);
  });

  it("errs at its end when its bytes are others", async () => {
    const { registry, repository } = await openHarness({
      faults: [{ when: ({ method }) => method === "GET", fault: { kind: "flipped-byte" } }],
    });
    await registry.putBlob(repository, blob, pieces(bytes));

    const reading = registry.getBlob(repository, blob.digest).then(readAll);

    await expect(reading).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
  });

  it("errs when its body breaks off", async () => {
    const { registry, repository } = await openHarness({
      faults: [{ when: ({ method }) => method === "GET", fault: { kind: "cut-body" } }],
    });
    await registry.putBlob(repository, blob, pieces(bytes));

    const reading = registry.getBlob(repository, blob.digest).then(readAll);

    await expect(reading).rejects.toMatchObject({ name: "RegistryError", code: "unavailable" });
  });
});

describe("a blob from an offset on", () => {
  const blob = { digest: digestBy("sha256", SMALL), size: SMALL.length };

  it("is asked for as a range", async () => {
    const { registry, repository, log } = await openHarness();
    await registry.putBlob(repository, blob, pieces(SMALL));
    log();

    const rest = await readAll(await registry.getBlob(repository, blob.digest, { from: 5 }));

    expect(Buffer.from(rest).toString()).toBe("bytes");
    expect(log()).toEqual(["GET 206"]);
  });

  it("loses its beginning here when the registry answers with everything", async () => {
    const { registry, repository } = await openHarness({
      faults: [
        {
          when: ({ method }) => method === "GET",
          fault: { kind: "answer", response: answer(200, {}, SMALL) },
        },
      ],
    });

    const rest = await readAll(await registry.getBlob(repository, blob.digest, { from: 5 }));

    expect(Buffer.from(rest).toString()).toBe("bytes");
  });

  it("rejects when other bytes come", async () => {
    const response = answer(206, { "content-range": "bytes 0-4/10" }, SMALL.subarray(0, 5));
    const { registry, repository } = await openHarness({
      faults: [{ when: ({ method }) => method === "GET", fault: { kind: "answer", response } }],
    });

    const reading = registry.getBlob(repository, blob.digest, { from: 5 });

    await expect(reading).rejects.toMatchObject({ name: "RegistryError", code: "protocol" });
  });
});

describe("an upload that continues elsewhere", () => {
  it("gets no credentials there", async () => {
    const seen: (string | undefined)[] = [];
    const storage = await listen(async ({ headers }) => {
      seen.push(headers["authorization"]);
      return answer(201);
    });
    const registryServer = await listen(async ({ method, headers }) => {
      if (headers["authorization"] === undefined) {
        return answer(401, { "www-authenticate": "Basic realm=x" });
      }
      return method === "POST" ? answer(202, { location: `${storage.url}/up?sig=1` }) : answer(404);
    });
    onTestFinished(async () => {
      await storage.close();
      await registryServer.close();
    });
    const { registry } = await openHarness({
      host: registryServer.host,
      credentials: { kind: "password", username: "bot", password: "s3cret" },
    });
    const blob = { digest: digestBy("sha256", SMALL), size: SMALL.length };

    await registry.putBlob({ host: registryServer.host, name: "a" }, blob, pieces(SMALL));

    expect(seen).toEqual([undefined]);
  });
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const length = Math.max(1, Math.ceil(bytes.length / 5));
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(stream));
}
