import { describe, expect, it } from "vitest";
import { digestBy, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { createSlots } from "../../../src/commands/transfer/slots.ts";
import { createUploader } from "../../../src/commands/transfer/upload.ts";
import type { BlobOrigin, UploadBlob, Uploader } from "../../../src/commands/transfer/upload.ts";
import type { Repository } from "../../../src/oci/reference.ts";
import { openHarness } from "../../distribution/harness.ts";
import type { Harness } from "../../distribution/harness.ts";

/** A blob and its bytes. */
interface Content extends UploadBlob {
  readonly text: string;
}

describe("an uploader", () => {
  it("sends each blob once, however many images share it", async () => {
    const harness = await openHarness();
    const shared = Array.from({ length: 5 }, (_, at) => contentOf(`shared layer ${at}`));
    const images = Array.from({ length: 100 }, (_, at) => [
      ...shared,
      contentOf(`layer of image ${at}`),
      contentOf(`config of image ${at}`),
    ]);
    const uploader = open(harness);

    await Promise.all(images.map((image) => uploader.uploadBlobs(image, originOf(image))));

    expect(countsBy(harness)).toEqual({ HEAD: 205, POST: 205, PUT: 205 });
    const uploadedBytes = [...shared, ...images.flatMap((image) => image.slice(5))]
      .map(({ size }) => size)
      .reduce((sum, size) => sum + size, 0);
    expect(uploader.counts()).toEqual({ uploaded: 205, uploadedBytes, mounted: 0, present: 0 });
    const { blobs } = repositoryIn(harness.fake.state, harness.repository.name);
    expect(blobs.size).toBe(205);
  });

  it("sends nothing of what is there", async () => {
    const harness = await openHarness();
    const image = [contentOf("a layer"), contentOf("a config")];
    store(harness, harness.repository, image);
    const uploader = open(harness);

    await uploader.uploadBlobs(image, nowhere);

    expect(harness.log()).toEqual(["HEAD 200", "HEAD 200"]);
    expect(uploader.counts()).toMatchObject({ uploaded: 0, present: 2 });
  });

  it("does not look for what nobody can have stored", async () => {
    const harness = await openHarness();
    const config = contentOf("a config");
    const bytes = new TextEncoder().encode(config.text);

    await open(harness).uploadBlobs([{ ...config, bytes, isNew: true }], nowhere);

    expect(harness.log()).toEqual(["POST 202", "PUT 201"]);
  });

  it("mounts what lies in the origin's repository, without looking for it", async () => {
    const harness = await openHarness();
    const from = { ...harness.repository, name: "acme/base" };
    const image = [contentOf("a layer"), contentOf("another layer")];
    store(harness, from, image);
    const uploader = open(harness);

    await uploader.uploadBlobs(image, { ...nowhere, repository: from });

    expect(harness.log()).toEqual(["POST 201", "POST 201"]);
    expect(uploader.counts()).toMatchObject({ uploaded: 0, mounted: 2 });
  });

  it("mounts what a neighbour has", async () => {
    const harness = await openHarness();
    const [empty, full] = ["acme/empty", "acme/cache"].map((name) => ({
      ...harness.repository,
      name,
    }));
    const image = [contentOf("a layer")];
    if (full !== undefined) store(harness, full, image);
    const neighbours = [empty, full].filter((one) => one !== undefined);

    await open(harness, neighbours).uploadBlobs(image, nowhere);

    expect(harness.log()).toEqual(["HEAD 404", "POST 202", "DELETE 204", "POST 201"]);
  });

  it("asks a neighbour that has none of the first blobs no more", async () => {
    const harness = await openHarness();
    const neighbour = { ...harness.repository, name: "acme/cache" };
    const image = Array.from({ length: 10 }, (_, at) => contentOf(`layer ${at}`));
    const uploader = open(harness, [neighbour]);

    for (const blob of image) await uploader.uploadBlobs([blob], originOf(image));

    expect(mountsAsked(harness)).toBe(3);
  });

  it("asks an origin whose registry does not mount once", async () => {
    const harness = await openHarness({
      faults: [{ when: ({ query }) => query.has("mount"), fault: { kind: "status", status: 405 } }],
    });
    const image = Array.from({ length: 10 }, (_, at) => contentOf(`layer ${at}`));
    const uploader = open(harness);
    const origin = { ...originOf(image), repository: { ...harness.repository, name: "acme/base" } };

    for (const blob of image) await uploader.uploadBlobs([blob], origin);

    expect(mountsAsked(harness)).toBe(1);
    expect(uploader.counts()).toMatchObject({ uploaded: 10, mounted: 0 });
  });

  it("sends a blob when its mount has no answer", async () => {
    const harness = await openHarness({
      faults: [{ when: ({ query }) => query.has("mount"), fault: { kind: "reset" } }],
    });
    const image = [contentOf("a layer")];
    const origin = { ...originOf(image), repository: { ...harness.repository, name: "acme/base" } };
    const uploader = open(harness);

    await uploader.uploadBlobs(image, origin);

    expect(harness.log()).toEqual(["POST 0", "HEAD 404", "POST 202", "PUT 201"]);
  });

  it("never asks another host for a mount", async () => {
    const harness = await openHarness();
    const elsewhere = { host: "registry.example.com", name: "acme/base" };
    const image = [contentOf("a layer")];

    await open(harness, [elsewhere]).uploadBlobs(image, {
      ...originOf(image),
      repository: elsewhere,
    });

    expect(harness.log()).toEqual(["HEAD 404", "POST 202", "PUT 201"]);
  });

  it("has as many blobs on the way as it may, and no more", async () => {
    const harness = await openHarness();
    const image = Array.from({ length: 20 }, (_, at) => contentOf(`layer ${at}`));
    const origin = originOf(image);
    const full = Promise.withResolvers<void>();
    let reading = 0;
    let most = 0;
    const counting: BlobOrigin = {
      async *openBlob(...call) {
        reading += 1;
        most = Math.max(most, reading);
        if (reading === 4) full.resolve();
        await full.promise;
        yield* origin.openBlob(...call);
        reading -= 1;
      },
    };

    await open(harness).uploadBlobs(image, counting);

    expect(most).toBe(4);
  });

  it("fails with what failed first, and begins nothing after it", async () => {
    const harness = await openHarness();
    const image = Array.from({ length: 20 }, (_, at) => contentOf(`layer ${at}`));
    const broken: BlobOrigin = {
      // oxlint-disable-next-line require-yield
      async *openBlob() {
        throw new Error("the disk is gone");
      },
    };

    const uploading = open(harness).uploadBlobs(image, broken);

    await expect(uploading).rejects.toThrow("the disk is gone");
    expect(countsBy(harness)["HEAD"]).toBeLessThanOrEqual(4);
  });

  it("takes a blob from another image when the first one's source fails", async () => {
    const harness = await openHarness();
    const blob = contentOf("a shared layer");
    const uploader = open(harness);
    const outcomes = await Promise.allSettled([
      uploader.uploadBlobs([blob], {
        // oxlint-disable-next-line require-yield
        async *openBlob() {
          throw new Error("the disk is gone");
        },
      }),
      uploader.uploadBlobs([blob], originOf([blob])),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(uploader.counts()).toMatchObject({ uploaded: 1 });
  });

  it("stops with the reason of its signal", async () => {
    const harness = await openHarness();
    const reason = new Error("the user pressed ctrl-c");
    const uploader = open(harness, [], AbortSignal.abort(reason));
    const image = [contentOf("a layer")];

    await expect(uploader.uploadBlobs(image, originOf(image))).rejects.toBe(reason);

    expect(harness.log()).toEqual([]);
  });
});

function open(
  { registry, repository }: Harness,
  neighbours: readonly Repository[] = [],
  signal: AbortSignal = new AbortController().signal,
): Uploader {
  return createUploader({ registry, repository, neighbours, slots: createSlots(4), signal });
}

function contentOf(text: string): Content {
  const bytes = new TextEncoder().encode(text);
  return { text, digest: digestBy("sha256", bytes), size: bytes.length };
}

function originOf(contents: readonly Content[]): BlobOrigin {
  return {
    async *openBlob(digest, from) {
      const text = contents.find((content) => content.digest === digest)?.text;
      if (text === undefined) throw new Error(`${digest} is not here`);
      yield new TextEncoder().encode(text).subarray(from);
    },
  };
}

/** Where nothing may be read from. */
const nowhere: BlobOrigin = originOf([]);

function store({ fake }: Harness, { name }: Repository, contents: readonly Content[]): void {
  const { blobs } = repositoryIn(fake.state, name);
  for (const { digest, text } of contents) blobs.set(digest, new TextEncoder().encode(text));
}

function countsBy({ fake }: Harness): Record<string, number> {
  const methods = fake.requests().map(({ method }) => method);
  return Object.fromEntries(
    [...new Set(methods)].map((method) => [method, methods.filter((one) => one === method).length]),
  );
}

function mountsAsked({ fake }: Harness): number {
  return fake.requests().filter(({ path }) => path.includes("mount=")).length;
}
