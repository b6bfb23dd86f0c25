import { expect, it } from "vitest";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openHarness } from "./harness.ts";
import type { Harness, HarnessOptions } from "./harness.ts";

const BYTES = new TextEncoder().encode("a layer");
const DIGEST = digestBy("sha256", BYTES);

it("a blob of another repository is there after one request, without its bytes", async () => {
  const harness = await openWithBlob();

  expect(await mount(harness)).toBe(true);

  expect(harness.log()).toEqual(["POST 201"]);
  expect(blobsOf(harness).get(DIGEST)).toEqual(BYTES);
});

it("an upload that was opened in place of a mount is given up", async () => {
  const harness = await openWithBlob();
  const { registry, repository } = harness;
  const from = { ...repository, name: "acme/empty" };

  expect(await registry.mountBlob(repository, DIGEST, from)).toBe(false);

  expect(harness.log()).toEqual(["POST 202", "DELETE 204"]);
  expect(repositoryIn(harness.fake.state, repository.name).uploads.size).toBe(0);
});

it.each([401, 403, 404, 405, 400])("a mount refused with %d is no mount", async (status) => {
  const harness = await openWithBlob({
    faults: [{ when: ({ query }) => query.has("mount"), fault: { kind: "status", status } }],
  });

  expect(await mount(harness)).toBe(false);
});

it("a mount without an answer is a failure", async () => {
  const harness = await openWithBlob({
    faults: [{ when: ({ query }) => query.has("mount"), fault: { kind: "status", status: 503 } }],
  });

  await expect(mount(harness)).rejects.toMatchObject({ code: "unavailable", status: 503 });
});

it("a repository of another host, and the repository itself, are not asked", async () => {
  const harness = await openWithBlob();
  const { registry, repository } = harness;

  const elsewhere = { host: "registry.example.com", name: "acme/base" };
  expect(await registry.mountBlob(repository, DIGEST, elsewhere)).toBe(false);
  expect(await registry.mountBlob(repository, DIGEST, repository)).toBe(false);

  expect(harness.log()).toEqual([]);
});

it("a mount asks for a token of both repositories", async () => {
  const user = { username: "bot", password: "s3cret" };
  const harness = await openWithBlob({
    credentials: { kind: "password", ...user },
    fake: { auth: { kind: "bearer", users: [user] } },
  });

  expect(await mount(harness)).toBe(true);

  const [asked] = harness.fake.requests().filter(({ path }) => path.startsWith("/token"));
  expect(new URLSearchParams(asked?.path.split("?")[1]).getAll("scope")).toEqual([
    "repository:acme/api:pull,push",
    "repository:acme/base:pull",
  ]);
});

/** With the blob in `acme/base`. */
async function openWithBlob(options?: HarnessOptions): Promise<Harness> {
  const harness = await openHarness(options);
  repositoryIn(harness.fake.state, "acme/base").blobs.set(DIGEST, BYTES);
  return harness;
}

async function mount({ registry, repository }: Harness): Promise<boolean> {
  return registry.mountBlob(repository, DIGEST, { ...repository, name: "acme/base" });
}

function blobsOf({ fake, repository }: Harness): ReadonlyMap<string, Uint8Array> {
  return repositoryIn(fake.state, repository.name).blobs;
}
