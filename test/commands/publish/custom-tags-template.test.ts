import { expect, it } from "vitest";

import {
  parseCustomTag,
  planCustomTags,
} from "../../../src/commands/publish/custom-tags-template.ts";

const STAGE = `${"ab".repeat(28)}-1767225600123`;

it.each([
  ["latest", "latest"],
  ["%image%-v1", "Web/API-v1"],
  ["%image_slug%", "web-api"],
  ["%image_content_based_tag%", STAGE],
  ["% image_slug %.%image_slug%", "web-api.web-api"],
])("%s stands for %s", (template, tag) => {
  expect(parseCustomTag(template).tagOf("Web/API", STAGE)).toBe(tag);
});

it("keeps names apart that have one slug", () => {
  expect(parseCustomTag("%image_safe_slug%").tagOf("da/ta", STAGE)).toBe("da-ta-afa96f8");
});

it.each([
  ["%image", "a % stands alone"],
  ["100%", "a % stands alone"],
  ["%name%", "nobody knows %name%"],
  ["%constructor%", "nobody knows %constructor%"],
])("refuses the template %s", (template, why) => {
  expect(() => parseCustomTag(template)).toThrow(why);
});

it("plans every template for every image", () => {
  expect(plan(["%image%", "%image%-latest"], ["api", "web"])).toEqual([
    ["api", "api"],
    ["web", "web"],
    ["api", "api-latest"],
    ["web", "web-latest"],
  ]);
});

it("leaves to the content what only the content tells", () => {
  expect(plan(["%image%-%image_content_based_tag%"], ["api"])).toEqual([["api", undefined]]);
});

it("takes a tag that two templates make of one image once", () => {
  expect(plan(["api", "%image%"], ["api"])).toEqual([["api", "api"]]);
});

it.each([
  [["latest"], ["api", "web"], 'images api and web would both be "latest"'],
  [["%image%", "api"], ["web", "api"], 'images api and web would both be "api"'],
  [["%image_slug%"], ["a/b", "other", "a.b"], 'images a/b and a.b would both be "a-b"'],
])("refuses %j for images %j", (templates, images, why) => {
  expect(() => plan(templates, images)).toThrow(why);
});

it.each([
  ["%image%", "web/api", "is no tag"],
  ["%image%", "", "is no tag"],
  ["-%image%", "api", "is no tag"],
  [`${"v".repeat(60)}-%image_content_based_tag%`, "api", "is no tag"],
  ["%image_content_based_tag%", "api", "may not be chosen"],
  ["%image%", "cleanup", "may not be chosen"],
  ["meta-%image%", "api", "may not be chosen"],
  [`${"v".repeat(53)}%image%`, "api", "may not be chosen"],
])("refuses %s for image %j", (template, image, why) => {
  expect(() => plan([template], [image])).toThrow(why);
});

function plan(
  templates: readonly string[],
  images: readonly string[],
): (readonly [string, string | undefined])[] {
  return planCustomTags(templates.map(parseCustomTag), images).map(
    ({ image, tag }) => [image, tag] as const,
  );
}
