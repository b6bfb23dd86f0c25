import { expect, it } from "vitest";

import type { FakeOptions } from "../../contract-tests/fakes/distribution.ts";
import { seedContent } from "../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { SourceError } from "../../src/sources/source.ts";
import { openHarness } from "../distribution/harness.ts";
import type { Harness } from "../distribution/harness.ts";
import { image, platforms } from "./images.ts";
import { openTested, read } from "./open.ts";

const SHOP = image({ layers: ["base", "shop"] });

it("reads the image of a tag, its blobs from any offset", async () => {
  const { registry, address, repository } = await openWorld(SHOP);

  const { source } = await openTested(`${address}:v1`, { registry });

  const [, , layer = SHOP] = SHOP.blobs;
  expect(source.images.map(({ manifest }) => manifest.digest)).toEqual([SHOP.digest]);
  expect(source.repository).toEqual(repository);
  expect(await read(source, layer.digest, 5)).toBe(Buffer.from(layer.bytes).subarray(5).toString());
});

it("reads on from any offset of a blob that comes in many pieces", async () => {
  const large = image({ layers: ["x".repeat(2_000_000)], level: 0 });
  const { registry, address } = await openWorld(large);
  const { source } = await openTested(`${address}:v1`, { registry });
  const [, layer = large] = large.blobs;

  const rest = await read(source, layer.digest, 1_234_567);

  expect(rest).toBe(Buffer.from(layer.bytes).subarray(1_234_567).toString());
});

it("reads the images of an index by their digests", async () => {
  const shop = platforms("linux/amd64", "linux/arm64");
  const { registry, address } = await openWorld(shop);

  const { source } = await openTested(`${address}@${shop.digest}`, { registry });

  expect(source.images.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
});

it("reads one manifest and one config of an image, and no layer", async () => {
  const { registry, address, log } = await openWorld(SHOP);

  await openTested(`${address}:v1`, { registry });

  expect(log()).toEqual(["GET 200", "GET 200"]);
});

it("stays with what a tag pointed at when it was opened", async () => {
  const { registry, address, fake, repository } = await openWorld(SHOP);
  const { source } = await openTested(`${address}:v1`, { registry });
  seedContent(repositoryIn(fake.state, repository.name), image({ layers: ["new"] }), ["v1"]);

  const [, base = SHOP] = SHOP.blobs;

  expect(await read(source, base.digest)).toBe(Buffer.from(base.bytes).toString());
});

it("says what is not there", async () => {
  const { registry, address } = await openWorld(SHOP);

  await expect(openTested(`${address}:v2`, { registry })).rejects.toThrow(
    new SourceError(`source ${address}:v2: there is no ${address}:v2`),
  );
});

it("says what a registry refuses", async () => {
  const users = [{ username: "bot", password: "s3cret" }];
  const { registry, address } = await openWorld(SHOP, { auth: { kind: "basic", users } });

  await expect(openTested(`${address}:v1`, { registry })).rejects.toMatchObject({
    name: "RegistryError",
    code: "unauthorized",
  });
});

it.each([
  ["shop", "has no tag and no digest; write NAME:TAG or NAME@DIGEST"],
  ["localhost:5000/shop", "has no tag and no digest; write NAME:TAG or NAME@DIGEST"],
  ["docker-daemon:shop:1", "is no source; write one of oci:DIR[:TAG|@DIGEST]"],
  ["dir:/tmp/shop", "is no source"],
  ["Shop Floor:1", "is no source"],
  [`sha256:${"0".repeat(64)}`, "is no source"],
  ["", "is no source"],
  ["oci:", "names no path"],
  ["docker-archive:", "names no path"],
  ["oci::v1", "names no path"],
  ["oci:@v1", "names no path"],
])("refuses %j as a source", async (text, message) => {
  await expect(openTested(text)).rejects.toThrow(
    new RegExp(`^source ${text}: ${message}`.replaceAll(/[[\]|]/g, "\\$&")),
  );
});

async function openWorld(
  content: SeedContent,
  options: FakeOptions = {},
): Promise<Harness & { readonly address: string }> {
  const harness = await openHarness({ fake: options });
  const { fake, repository } = harness;
  seedContent(repositoryIn(fake.state, repository.name), content, ["v1"]);
  return { ...harness, address: `${repository.host}/${repository.name}` };
}
