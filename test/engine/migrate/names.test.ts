import { describe, expect, it } from "vitest";

import { below, pathBelow, placeTag } from "../../../src/engine/migrate/names.ts";
import type { Naming } from "../../../src/engine/migrate/names.ts";

const TO = { host: "reg.test", name: "all" };
const STAGE = `${"a".repeat(56)}-1700000000000`;

describe("into one repository", () => {
  it.each([
    ["1.0", "foreign", "api", "api-1.0"],
    ["1.0", "image", "backend/api", "backend-api-1-0-5fe5cd66"],
    ["1.0", "foreign", "", "1.0"],
    ["release", "custom-tag", "api", "release"],
    [STAGE, "stage", "api", STAGE],
    ["managed-image-api", "managed-image", "api", "managed-image-api"],
  ] as const)("%s, %s of image %j, is %s", (tag, label, image, as) => {
    const place = placeTag(tag, label, { kind: "join", to: TO, image });

    expect(place).toMatchObject({ repository: TO, tag: as });
  });

  it.each([
    ["x", "managed-image"],
    ["1700000000000", "a".repeat(56)],
  ])("%s of image %s has no name: it would be something else", (tag, image) => {
    const place = placeTag(tag, "foreign", { kind: "join", to: TO, image });

    expect(place).toMatchObject({ rule: expect.stringMatching(/stage or a record/) });
  });

  it("a name that is too long is cut, with a hash of all of it", () => {
    const place = placeTag("x".repeat(120), "foreign", { kind: "join", to: TO, image: "frontend" });

    expect(place).toMatchObject({ tag: expect.stringMatching(/^frontend-x+-[0-9a-f]+$/) });
    expect("tag" in place ? place.tag.length : 0).toBeLessThanOrEqual(128);
  });
});

describe("out of one repository", () => {
  const naming: Naming = { kind: "split", to: TO, images: ["api", "api-web"] };

  it.each([
    ["api-1.0", "foreign", "all/api", "1.0"],
    ["api-web-1.0", "image", "all/api-web", "1.0"],
    ["api", "foreign", "all", "api"],
    ["notes", "foreign", "all", "notes"],
    ["api-release", "custom-tag", "all", "api-release"],
    [STAGE, "stage", "all", STAGE],
  ] as const)("%s, %s, goes to %s:%s", (tag, label, name, as) => {
    expect(placeTag(tag, label, naming)).toMatchObject({
      repository: { host: "reg.test", name },
      tag: as,
    });
  });

  it.each(["api-cleanup", "api--x", `api-${STAGE}`])("%s has no name there", (tag) => {
    expect(placeTag(tag, "foreign", naming)).toMatchObject({ rule: expect.any(String) });
  });

  it("into a whole registry, what belongs to no image has no place", () => {
    const whole: Naming = { ...naming, to: { host: "reg.test", name: "" } };

    expect(placeTag("api-1.0", "foreign", whole)).toMatchObject({ repository: { name: "api" } });
    expect(placeTag(STAGE, "stage", whole)).toMatchObject({ rule: expect.any(String) });
  });
});

it.each([
  ["team/shop", "team", "moved", "moved/shop"],
  ["team/shop/api", "team", "", "shop/api"],
  ["team", "team", "moved", "moved"],
  ["shop", "", "moved", "moved/shop"],
])("%s below %j is put below %j as %s", (name, from, to, moved) => {
  const path = pathBelow({ host: "reg.test", name }, { host: "reg.test", name: from });

  expect(below({ host: "to.test", name: to }, path)).toEqual({ host: "to.test", name: moved });
});

it("a repository that is the namespace itself has no place in a whole registry", () => {
  expect(below({ host: "to.test", name: "" }, "")).toBeUndefined();
});
