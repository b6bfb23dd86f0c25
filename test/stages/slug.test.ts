import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  limitedSlug,
  managedImageId,
  managedImageName,
  slugify,
  tagSlug,
} from "../../src/stages/slug.ts";

describe("limitedSlug", () => {
  it.each([
    ["A", 42, "a-54dcf7ce"],
    [
      "postgres-feature-31981-change-delivery-date-del-result",
      48,
      "postgres-feature-31981-change-delivery--852739dc",
    ],
    [
      "php_fpm_exporter-monitoring-dev-encrypt-1",
      48,
      "php-fpm-exporter-monitoring-dev-encrypt--83286e5",
    ],
    ["already-a-slug", 48, "already-a-slug"],
    ["one--double-dash", 48, "one--double-dash"],
  ])("makes %j within %i characters %j", (text, limit, slug) => {
    expect(limitedSlug(text, limit)).toBe(slug);
  });

  it("gives back what it made", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 80 }), (text) => {
        const slug = limitedSlug(text, 48);

        expect(limitedSlug(slug, 48)).toBe(slug);
        expect(slug.length).toBeLessThanOrEqual(48);
      }),
    );
  });
});

describe("tagSlug", () => {
  it.each([
    ["-data", "data-a871d86e"],
    ["da/ta", "da-ta-afa96f8"],
    ["v1.2_3", "v1.2_3"],
  ])("makes %j the tag %j", (text, tag) => {
    expect(tagSlug(text)).toBe(tag);
  });
});

describe("managed image ids", () => {
  it.each(["", "backend", "a/b c+d", "UPPER.case_1"])("bring the name %j back", (name) => {
    expect(managedImageName(managedImageId(name))).toBe(name);
  });

  it("store a name that is no tag as its slug", () => {
    expect(managedImageId("-data")).toBe("data-a871d86e");
  });
});

it("slugify transliterates and squeezes", () => {
  expect(slugify("  Grün/Über__Straße: да!")).toBe("grun-uber-strasse-da");
});
