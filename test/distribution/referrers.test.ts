import { describe, expect, it } from "vitest";
import { referrersTag } from "../../src/oci/referrers-tag.ts";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { digestBy, repositoryIn } from "../../contract-tests/fakes/state.ts";
import { openHarness } from "./harness.ts";
import type { Harness, HarnessOptions } from "./harness.ts";

const subject = imageOf();
const referrers = ["sig", "sbom", "scan"].map((artifactType) =>
  imageOf({ subject: descriptorOf(subject), artifactType, layers: [artifactType] }),
);

describe("listReferrers", () => {
  it.each([
    ["the endpoint", {}],
    ["the endpoint, page by page", { referrersPageSize: 1 }],
    ["the fallback tag", { referrers: false }],
  ])("gives the same answer by %s", async (_, fake) => {
    const harness = await seeded({ fake });

    expect(await list(harness)).toEqual(referrers.map(({ digest }) => digest).sort());
  });

  it("learns once that there is no endpoint", async () => {
    const harness = await seeded({ fake: { referrers: false } });

    await list(harness);
    await list(harness);

    expect(harness.log()).toEqual(["GET 404", "GET 200", "GET 200"]);
  });

  it.each([{ referrers: true }, { referrers: false }])(
    "is empty where nothing refers: %j",
    async (fake) => {
      const { registry, repository } = await openHarness({ fake });
      const digest = digestBy("sha256", new Uint8Array());

      expect(await Array.fromAsync(registry.listReferrers({ ...repository, digest }))).toEqual([]);
    },
  );

  it("rejects a page that is no index", async () => {
    const harness = await seeded({ faults: [{ fault: { kind: "broken-json" } }] });

    await expect(list(harness)).rejects.toMatchObject({ code: "protocol" });
  });

  it("rejects pages that lead back to themselves", async () => {
    const harness = await seeded({ faults: [{ fault: { kind: "repeated-page" } }] });

    await expect(list(harness)).rejects.toMatchObject({ code: "protocol" });
  });

  it.each([403, 500])("rejects %i and does not fall back", async (status) => {
    const harness = await seeded({ faults: [{ fault: { kind: "status", status } }] });

    await expect(list(harness)).rejects.toMatchObject({ status });
  });
});

describe("referrersTag", () => {
  it("cuts a sha512 digest to the length of a sha256 one", () => {
    expect(referrersTag(`sha256:${"a".repeat(64)}`)).toBe(`sha256-${"a".repeat(64)}`);
    expect(referrersTag(`sha512:${"b".repeat(128)}`)).toBe(`sha512-${"b".repeat(64)}`);
  });
});

async function seeded(options: HarnessOptions): Promise<Harness> {
  const harness = await openHarness(options);
  const repository = repositoryIn(harness.fake.state, harness.repository.name);
  seedContent(repository, subject, ["latest"]);
  for (const referrer of referrers) seedContent(repository, referrer);
  if (options.fake?.referrers === false) {
    seedContent(repository, indexOf(referrers), [referrersTag(subject.digest)]);
  }
  return harness;
}

async function list({ registry, repository }: Harness): Promise<string[]> {
  const { digest } = subject;
  const found = await Array.fromAsync(registry.listReferrers({ ...repository, digest }));
  return found.map((descriptor) => descriptor.digest).sort();
}
