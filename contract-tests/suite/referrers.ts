import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/oci/digest.ts";
import { descriptorOf, imageOf, indexOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

/** Through the API or through the fallback tag, the answer is the same. */
export function describeReferrers({ learned, open }: LearnedSubject): void {
  describe("listReferrers", () => {
    it("yields the manifests whose subject is the digest", async () => {
      await using harness = await open();
      const subject = imageOf();
      const signatures = [signatureOf(subject, "first"), signatureOf(subject, "second")];
      await harness.seed(subject, { tags: ["1.0"] });
      await harness.seed(imageOf({ labels: { n: "stranger" } }), { tags: ["2.0"] });
      await seedReferrers(harness, subject, signatures);

      const found = await referrersOf(harness, subject.digest);

      expect(found).toEqual(signatures.map(({ digest }) => digest).toSorted());
    });

    it("carries what the referrer says it is", async () => {
      await using harness = await open();
      const subject = imageOf();
      const signature = signatureOf(subject, "only");
      await harness.seed(subject, { tags: ["1.0"] });
      await seedReferrers(harness, subject, [signature]);
      const { registry, repository } = harness;

      const found = await Array.fromAsync(
        registry.listReferrers({ ...repository, digest: subject.digest }),
      );

      expect(found).toMatchObject([{ ...descriptorOf(signature), artifactType: ARTIFACT_TYPE }]);
    });

    it("yields nothing for an image without referrers, and for one that is not there", async () => {
      await using harness = await open();
      const subject = imageOf();
      await harness.seed(subject, { tags: ["1.0"] });

      expect(await referrersOf(harness, subject.digest)).toEqual([]);
      expect(await referrersOf(harness, imageOf({ labels: { n: "x" } }).digest)).toEqual([]);
    });
  });

  async function seedReferrers(
    harness: Harness,
    subject: SeedContent,
    referrers: readonly SeedContent[],
  ): Promise<void> {
    for (const referrer of referrers) await harness.seed(referrer);
    if (learned.referrers === "api") return;
    const tag = subject.digest.replace(":", "-");
    // distribution-spec 1.1, "Referrers Tag Schema".
    await harness.seed(indexOf(referrers), { tags: [tag] });
  }
}

const ARTIFACT_TYPE = "application/vnd.example.signature";

function signatureOf(subject: SeedContent, text: string): SeedContent {
  return imageOf({
    layers: [text],
    subject: descriptorOf(subject),
    artifactType: ARTIFACT_TYPE,
    // Servers from before 1.1 know an artifact by its config only.
    configType: ARTIFACT_TYPE,
    annotations: { text },
  });
}

async function referrersOf(
  { registry, repository }: Harness,
  digest: Digest,
): Promise<readonly Digest[]> {
  const found = await Array.fromAsync(registry.listReferrers({ ...repository, digest }));
  return found.map((one) => one.digest).toSorted();
}
