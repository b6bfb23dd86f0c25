import { describe, expect, it } from "vitest";
import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { DigestReference, Repository } from "../../../src/oci/reference.ts";
import { calls, openEcr } from "./harness.ts";
import type { Opened, OpenOptions } from "./harness.ts";

describe("copies between the repositories of an account", () => {
  it("reads no blob: manifests by the API, blobs by mounts, in one call for all that may be there", async () => {
    await using opened = await openWithTarget();
    const image = imageOf({ layers: ["one", "two"] });
    opened.seed(image, ["1.0"]);

    const outcome = await copy(opened, image.digest, ["1.0", "latest"]);

    expect(outcome).toBe("copied");
    expect(opened.fake.actions()).toEqual({
      GetAuthorizationToken: 1,
      BatchGetImage: 1,
      BatchCheckLayerAvailability: 1,
      PutImage: 2,
    });
    expect(opened.contentRequests().filter((line) => line.startsWith("GET"))).toEqual([]);
    expect(opened.contentRequests().filter((line) => line === "POST 201")).toHaveLength(3);
  });

  it("asks about no more layers at once than a call takes", async () => {
    await using opened = await openWithTarget();
    const layers = Array.from({ length: 101 }, (_, at) => `layer ${at}`);
    const image = imageOf({ layers });
    opened.seed(image, ["1.0"]);
    seedContent(target(opened), image);

    const outcome = await copy(opened, image.digest, ["1.0"]);

    expect(outcome).toBe("copied");
    expect(opened.fake.actions()).toMatchObject({ BatchCheckLayerAvailability: 2, PutImage: 1 });
  });

  it("stores children before the index that names them, in whatever depth they are named", async () => {
    await using opened = await openWithTarget();
    const shared = imageOf({ layers: ["shared"] });
    const inner = indexOf([shared]);
    const index = indexOf([shared, inner]);
    opened.seed(index, ["1.0"]);

    const outcome = await copy(opened, index.digest, ["1.0"]);

    expect(outcome).toBe("copied");
    expect([...target(opened).manifests.keys()]).toEqual([
      shared.digest,
      inner.digest,
      index.digest,
    ]);
  });

  it("tells once what is missing where blobs cannot be mounted, and asks no more", async () => {
    await using opened = await openWithTarget({ blobMounting: false });
    const [one, other] = [imageOf(), imageOf({ layers: ["other"] })];
    opened.seed(one, ["1.0"]);
    opened.seed(other, ["2.0"]);

    const first = await copy(opened, one.digest, ["1.0"]);
    const asked = opened.fake.requests().length;
    const second = await copy(opened, other.digest, ["2.0"]);

    expect([first, second]).toEqual(["refused", "refused"]);
    expect(opened.fake.requests()).toHaveLength(asked);
    expect(opened.warnings).toEqual([expect.stringContaining("BLOB_MOUNTING has to be ENABLED")]);
    expect(target(opened).tags.size).toBe(0);
    expect(target(opened).uploads.size).toBe(0);
  });

  it("leaves an immutable tag to whoever asked, and goes on with the next", async () => {
    await using opened = await openWithTarget({ immutableTags: true });
    const [old, image] = [imageOf({ layers: ["old"] }), imageOf()];
    opened.seed(image, ["1.0"]);
    seedContent(target(opened), old, ["1.0"]);

    const refused = await copy(opened, image.digest, ["1.0"]);
    const copied = await copy(opened, image.digest, ["2.0"]);

    expect([refused, copied]).toEqual(["refused", "copied"]);
    expect(target(opened).tags.get("1.0")).toBe(old.digest);
    expect(opened.warnings).toEqual([]);
  });

  it("stores nothing of a manifest that came with other bytes", async () => {
    await using opened = await openWithTarget({
      rules: [
        {
          when: calls("BatchGetImage"),
          before: () => void opened.state.manifests.set(image.digest, { ...image, bytes: OTHER }),
        },
      ],
    });
    const image = imageOf();
    opened.seed(image, ["1.0"]);

    const outcome = await copy(opened, image.digest, ["1.0"]);

    expect(outcome).toBe("refused");
    expect(target(opened).manifests.size).toBe(0);
  });

  it("is not offered by ECR Public", async () => {
    await using opened = await openEcr({ kind: "public" });

    expect(opened.registry.capabilities.serverCopy).toBe(false);
    await expect(copy(opened, imageOf().digest, ["1.0"])).rejects.toMatchObject({
      code: "unsupported",
    });
  });
});

const OTHER = imageOf({ layers: ["another"] }).bytes;

async function openWithTarget(options: OpenOptions = {}): Promise<Opened> {
  const opened = await openEcr(options);
  target(opened);
  return opened;
}

function target({ fake }: Opened): ReturnType<typeof repositoryIn> {
  return repositoryIn(fake.state, "shop-new");
}

function copy(
  { registry, repository }: Opened,
  digest: Digest,
  tags: readonly string[],
): Promise<"copied" | "refused"> {
  const to: Repository = { ...repository, name: "shop-new" };
  const from: DigestReference = { ...repository, digest };
  return registry.copyFrom(to, from, { tags });
}
