import { expect, it } from "vitest";

import { imagesAnywhere } from "../../../src/usage/kubernetes/image-strings.ts";

it.each([
  [{ repo: "reg.example/acme/shop", tag: "v9" }, "reg.example/acme/shop:v9"],
  [{ imageRepository: "reg.example/acme/shop", imageTag: "v9" }, "reg.example/acme/shop:v9"],
  [{ registry: "reg.example", repo: "acme/shop", version: "v9" }, "reg.example/acme/shop:v9"],
  [{ images: { "reg.example/acme/shop:v9": { status: "pulled" } } }, "reg.example/acme/shop:v9"],
])("an image is found in %j", (spec, image) => {
  const found = [...imagesAnywhere({ spec })].map((one) => one.image);

  expect(found).toContain(image);
});
