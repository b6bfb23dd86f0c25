import { describe, expect, it } from "vitest";
import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { ROBOT, openSetting } from "./fixture.ts";
import type { Setting } from "./fixture.ts";

const NEW = "acme/new/api";
const image = imageOf();
const signature = imageOf({
  layers: ["signature"],
  artifactType: "application/vnd.example.signature",
  subject: descriptorOf(image),
});

describe("copies by Harbor", () => {
  it("take one request to look, one to copy, and one for each tag to verify", async () => {
    await using setting = await openSetting();
    setting.seed(image, "1.0", "latest");
    // The first request is answered with the challenge.
    await setting.registry.resolve({ ...setting.repository, name: NEW, tag: "1.0" });
    const before = callsOf(setting).length;

    const outcome = await copy(setting, image.digest, ["latest", "1.0"]);

    expect(outcome).toBe("copied");
    expect(callsOf(setting).slice(before)).toEqual([
      "GET artifact",
      "POST copy",
      "HEAD tag",
      "HEAD tag",
    ]);
    expect([...targetOf(setting).tags]).toEqual([
      ["1.0", image.digest],
      ["latest", image.digest],
    ]);
  });

  it("are not asked for where the artifact has other tags than those that are to be set", async () => {
    await using setting = await openSetting();
    setting.seed(image, "1.0", "cleanup");

    const less = await copy(setting, image.digest, ["1.0"]);
    const more = await copy(setting, image.digest, ["1.0", "cleanup", "2.0"]);

    expect([less, more]).toEqual(["refused", "refused"]);
    expect(callsOf(setting)).toEqual(["GET artifact", "GET artifact"]);
  });

  it("bring an untagged signature along", async () => {
    await using setting = await openSetting();
    setting.seed(image, "1.0");
    setting.seed(signature);

    const outcome = await copy(setting, image.digest, ["1.0"]);

    expect(outcome).toBe("copied");
    expect(targetOf(setting).manifests.has(signature.digest)).toBe(true);
  });

  it("are not asked for where a signature would bring its tag, unless the target has it", async () => {
    await using setting = await openSetting();
    const tag = `${image.digest.replace(":", "-")}.sig`;
    const unlike = imageOf({ layers: ["cosign"] });
    setting.seed(image, "1.0");
    setting.seed(unlike, tag);

    const before = await copy(setting, image.digest, ["1.0"]);
    seedContent(targetOf(setting), unlike, ["a-name-of-its-own"]);
    const after = await copy(setting, image.digest, ["1.0"]);

    expect([before, after]).toEqual(["refused", "copied"]);
    expect([...targetOf(setting).tags.keys()].toSorted()).toEqual(["1.0", "a-name-of-its-own"]);
  });

  it("look below the children of an index too", async () => {
    await using setting = await openSetting();
    const inner = indexOf([imageOf({ layers: ["deep"] })]);
    const index = indexOf([inner]);
    setting.seed(index, "1.0");
    setting.seed(imageOf({ layers: ["deep"] }), "deep");

    const outcome = await copy(setting, index.digest, ["1.0"]);

    expect(outcome).toBe("refused");
    expect(callsOf(setting)).not.toContain("POST copy");
  });

  it.each([
    ["a quota that is used up", { quotaExceeded: true }],
    ["an immutable tag", { isImmutable: () => true }],
  ])("are refused by %s, and asked for again with the next image", async (_, traits) => {
    await using setting = await openSetting(traits);
    const other = imageOf({ layers: ["other"] });
    setting.seed(image, "1.0");
    setting.seed(other, "2.0");
    seedContent(targetOf(setting), imageOf({ layers: ["old"] }), ["1.0", "2.0"]);

    const outcomes = [
      await copy(setting, image.digest, ["1.0"]),
      await copy(setting, other.digest, ["2.0"]),
    ];

    expect(outcomes).toEqual(["refused", "refused"]);
    expect(callsOf(setting).filter((call) => call === "POST copy")).toHaveLength(2);
    expect(setting.warnings).toEqual([]);
  });

  it("are refused to a signature by itself, which is a matter of this one alone", async () => {
    await using setting = await openSetting();
    setting.seed(image, "1.0");
    setting.seed(signature);

    const outcomes = [
      await copy(setting, signature.digest, []),
      await copy(setting, image.digest, ["1.0"]),
    ];

    expect(outcomes).toEqual(["refused", "copied"]);
    expect(setting.warnings).toEqual([]);
  });

  it("tell once which permission is missing, and are not asked for again", async () => {
    await using setting = await openSetting({
      users: [{ ...ROBOT, permissions: ["artifact:read", "repository:pull", "repository:push"] }],
    });
    setting.seed(image, "1.0");

    const outcomes = [
      await copy(setting, image.digest, ["1.0"]),
      await copy(setting, image.digest, ["1.0"]),
    ];

    expect(outcomes).toEqual(["refused", "refused"]);
    expect(callsOf(setting)).toEqual(["GET artifact", "POST copy"]);
    expect(setting.warnings).toHaveLength(1);
    expect(setting.warnings[0]).toContain("denied (403 FORBIDDEN");
  });

  it("are refused to a token, which Harbor's API does not take", async () => {
    await using setting = await openSetting({
      options: () => ({}),
      credentials: { kind: "bearer-token", token: "s3cret-token" },
    });
    setting.seed(image, "1.0");

    const outcome = await copy(setting, image.digest, ["1.0"]);

    expect(outcome).toBe("refused");
    expect(setting.warnings.join("\n")).toContain("the credentials are a token");
    expect(setting.warnings.join("\n")).not.toContain("s3cret-token");
  });
});

function copy(
  { registry, repository }: Setting,
  digest: Digest,
  tags: readonly string[],
): Promise<"copied" | "refused"> {
  return registry.copyFrom({ ...repository, name: NEW }, { ...repository, digest }, { tags });
}

function targetOf({ state }: Setting): RepositoryState {
  return repositoryIn(state, NEW);
}

/** What was asked of artifacts and tags. */
function callsOf({ requests }: Setting): readonly string[] {
  return requests().flatMap((line) => {
    if (/^POST .*\/artifacts\?from=/.test(line)) return ["POST copy"];
    if (/^GET .*\/artifacts\/sha256/.test(line)) return ["GET artifact"];
    return /^HEAD .*\/manifests\//.test(line) ? ["HEAD tag"] : [];
  });
}
