import { describe, expect, it } from "vitest";

import type { CleanupPlan } from "../../../src/engine/cleanup/plan.ts";
import { matchUsage } from "../../../src/engine/cleanup/usage-match.ts";
import type { UsedImage } from "../../../src/engine/cleanup/usage.ts";
import { customTagRecordTag } from "../../../src/stages/tag.ts";
import { digestOf, lineOf, planFor, recordOf, stageOf, stepFor } from "./repository.ts";

const A = stageOf("a");
const B = stageOf("b");
const C = stageOf("c");
const TWO = { [A]: "1", [B]: "2" };

function used(image: string, more: Partial<UsedImage> = {}): UsedImage {
  const place = { cluster: "prod", namespace: "web", object: "Deployment/web" };
  return { image, container: "main", ...place, ...more };
}

function goes({ deletions }: CleanupPlan): string[] {
  return deletions.flatMap(({ tags }) => tags.map(({ tag }) => tag)).sort();
}

function reasonsOf(plan: CleanupPlan, tag: string): readonly unknown[] {
  return plan.kept.find((kept) => kept.tag === tag)?.reasons ?? [];
}

describe("a tag in use", () => {
  it.each([
    `reg.test/shop:${A}`,
    `reg.test:443/shop:${A}`,
    `docker-pullable://reg.test/shop:${A}`,
    `reg.test/shop:${A}@${digestOf("9")}`,
    `REG.test/Shop:${A}`,
    // What mirrors and proxies make of it.
    `mirror.test:5000/proxy/shop:${A}`,
    `shop:${A}`,
  ])("keeps its stage as %s", (image) => {
    const plan = planFor({ tags: TWO, absent: ["9"], usage: [used(image)] });

    expect(goes(plan)).toEqual([B]);
    expect(reasonsOf(plan, A)).toEqual([{ kind: "in-use", ...used(image) }]);
  });

  it.each([`reg.test/workshop:${A}`, `reg.test/shop/api:${A}`, `reg.test/shop:${C}`, "shop", ""])(
    "keeps nothing as %j",
    (image) => {
      expect(goes(planFor({ tags: TWO, usage: [used(image)] }))).toEqual([A, B]);
    },
  );

  it("keeps its stage under an alias of the repository", () => {
    const usage = [used(`registry.internal/mirror/of-it:${A}`)];
    const aliases = [{ host: "registry.internal", name: "mirror/of-it" }];

    expect(goes(planFor({ tags: TWO, usage, aliases }))).toEqual([B]);
    expect(goes(planFor({ tags: TWO, usage }))).toEqual([A, B]);
  });

  it("keeps the stage that a custom tag is of, with what the custom tag says now", () => {
    const record = customTagRecordTag("live");
    const tags = { ...TWO, [C]: "3", live: "2", [record]: "4" };
    const labels = { 4: { tag: "live", "stage-id": A } };

    expect(goes(planFor({ tags, labels, usage: [used("reg.test/shop:live")] }))).toEqual([C]);
  });

  it("keeps what its stage needs", () => {
    const labels = { 1: { "werf.io/parent-stage-id": B } };

    expect(goes(planFor({ tags: TWO, labels, usage: [used(`shop:${A}`)] }))).toEqual([]);
  });

  it("wins over a rejected marker", () => {
    const tags = { ...TWO, [`${A}-rejected`]: "3" };

    expect(goes(planFor({ tags, usage: [used(`shop:${A}`)] }))).toEqual([B]);
  });
});

describe("a digest in use", () => {
  it.each([
    `reg.test/shop@${digestOf("1")}`,
    `elsewhere.test/another/name@${digestOf("1")}`,
    `docker-pullable://shop@${digestOf("1")}`,
    digestOf("1"),
    "1".repeat(64),
  ])("keeps every tag on it as %s, whatever the repository is called", (image) => {
    const plan = planFor({ tags: { ...TWO, [C]: "1" }, usage: [used(image)] });

    expect(goes(plan)).toEqual([B]);
  });

  it("keeps the index that leads to it where no tag names it", () => {
    const tags = { ["e".repeat(56)]: "5", ...TWO };
    const indexes = { 5: ["8", "2"] };
    const plan = (image: string): CleanupPlan =>
      planFor({ tags, indexes, absent: ["7"], usage: [used(`reg.test/shop@${digestOf(image)}`)] });

    expect(goes(plan("8"))).toEqual([A]);
    expect(goes(plan("7"))).toHaveLength(3);
  });

  it("is read where it may be ours and no tag names it: its parents may be tagged", () => {
    const ours = stepFor({ tags: TWO, usage: [used(`reg.test/shop@${digestOf("7")}`)] });
    const strange = stepFor({ tags: TWO, usage: [used(`other.test/api@${digestOf("7")}`)] });

    expect(ours).toMatchObject({ kind: "needs", needs: [{ digest: digestOf("7"), config: true }] });
    expect(strange.kind).toBe("plan");
  });

  it("of a configuration keeps the image that has it, when the container runs an image of ours", () => {
    const plan = (of: string): CleanupPlan =>
      planFor({ tags: TWO, absent: ["f"], usage: [used(digestOf("f"), { of })] });

    expect(goes(plan("shop:1"))).toEqual([]);
    expect(goes(plan("other:1"))).toEqual([A, B]);
  });

  it("of a configuration keeps the index whose child has it", () => {
    const tags = { ["e".repeat(56)]: "5" };
    const plan = (of: string): CleanupPlan =>
      planFor({
        tags,
        indexes: { 5: ["8"] },
        absent: ["f"],
        usage: [used(digestOf("f"), { of })],
      });

    expect(goes(plan("shop:1"))).toEqual([]);
    expect(goes(plan("other:1"))).toEqual(["e".repeat(56)]);
  });

  it("of a configuration keeps a custom tag on the image whose own stage is gone", () => {
    const record = customTagRecordTag("live");
    const tags = { [A]: "1", live: "1", [record]: "3" };
    const labels = { 3: { "stage-id": C, tag: "live" } };
    const usage = [used(digestOf("f"), { of: "shop:1" })];

    expect(goes(planFor({ tags, labels, absent: ["f"], usage }))).toEqual([]);
    expect(goes(planFor({ tags, labels, absent: ["f"] }))).toContain("live");
  });
});

describe("evidence", () => {
  it("names eight uses of a tag and counts the rest", () => {
    const usage = Array.from({ length: 11 }, (_, place) =>
      used(`shop:${A}`, { object: `Deployment/web-${place}` }),
    );
    const reasons = reasonsOf(planFor({ tags: TWO, usage }), A);

    expect(reasons).toHaveLength(9);
    expect(reasons[0]).toMatchObject({ object: "Deployment/web-0" });
    expect(reasons.at(-1)).toEqual({ kind: "in-use-more", count: 3 });
  });

  it("stands beside that of the history", () => {
    const tags = {
      ...TWO,
      [recordOf("a", A)]: "3",
      "managed-image-web": "4",
    };
    const plan = planFor({ tags, history: lineOf("a"), usage: [used(`shop:${A}`)] });

    expect(reasonsOf(plan, A)).toMatchObject([{ kind: "git-policy" }, { kind: "in-use" }]);
  });
});

describe("matchUsage", () => {
  it("takes official images for what they are without their namespace", () => {
    const repository = { host: "index.docker.io", name: "library/shop" };
    const usage = [used("mirror.test/shop:1"), used("shop:2"), used("docker.io/acme/shop:3")];

    expect([...matchUsage({ repository, usage }).tags.keys()]).toEqual(["1", "2", "3"]);
  });
});
