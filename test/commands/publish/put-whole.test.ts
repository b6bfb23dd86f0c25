import { expect, it } from "vitest";

import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { missesPart, putWhole } from "../../../src/commands/publish/put-whole.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { soleRunner } from "../../properties/runner.ts";

const { digest, mediaType, bytes } = imageOf();
const MISSES = "400 DIGEST_INVALID: other content; MANIFEST_BLOB_UNKNOWN: blob unknown to registry";

it.each([
  ["is sent again while a part of it is not seen", MISSES, 2, "stored", 3],
  ["is given up when the part is never seen", MISSES, Infinity, "invalid", 4],
  ["is refused at once for anything else", "400 MANIFEST_INVALID: no", Infinity, "invalid", 1],
])("a manifest %s", async (_, said, times, ends, sent) => {
  const { signal } = new AbortController();
  let count = 0;
  const putManifest = async (): Promise<{
    digest: typeof digest;
    mediaType: string;
    size: number;
  }> => {
    count += 1;
    if (count <= times) throw new RegistryError("invalid", said, { status: 400 });
    return { digest, mediaType, size: bytes.length };
  };

  const ended = await putWhole(
    { putManifest },
    { host: "memory.test", name: "shop", tag: "v1" },
    { digest, mediaType, bytes },
    { signal, runner: soleRunner(0) },
  ).then(
    () => "stored",
    (error: unknown) => (error instanceof RegistryError ? error.code : error),
  );

  expect([ended, count]).toEqual([ends, sent]);
});

it("a manifest whose part is not in a file is not sent again: files do not lag behind", async () => {
  const { signal } = new AbortController();
  let count = 0;
  const missing = new RegistryError("invalid", "its blob is not there", {
    registryCode: "MANIFEST_BLOB_UNKNOWN",
  });

  const put = putWhole(
    {
      putManifest: () => {
        count += 1;
        return Promise.reject(missing);
      },
    },
    { host: "archive", name: "/shop.tar", tag: "v1" },
    { digest, mediaType, bytes },
    { signal, runner: soleRunner(0) },
  );

  await expect(put).rejects.toBe(missing);
  expect(count).toBe(1);
  expect(missesPart(missing)).toBe(true);
});
