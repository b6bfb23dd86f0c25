import { expect, it } from "vitest";
import {
  customTagRecord,
  limitedSlug,
  managedImageTag,
  metadataTag,
  murmur,
  sha3,
} from "./formats.ts";

it.each([
  ["", "0"],
  ["A", "54dcf7ce"],
  ["backend", "27dba8ed"],
  ["frontend", "fb496116"],
  ["php_fpm_exporter-monitoring-dev-encrypt-1", "83286e5"],
])("the hash of %j is %s", (text, hash) => {
  expect(murmur(text)).toBe(hash);
});

it.each([
  ["A", 42, "a-54dcf7ce"],
  ["-data", 128, "data-a871d86e"],
  ["da/ta", 128, "da-ta-afa96f8"],
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
])("the slug of %j in %d characters is %s", (text, limit, slug) => {
  expect(limitedSlug(text, limit)).toBe(slug);
});

it("names records after images, tags and stages", () => {
  expect([
    managedImageTag(""),
    managedImageTag("my app+web/api"),
    managedImageTag("-data"),
    metadataTag("backend", "c", "s"),
    metadataTag("-data", "c", "s"),
    customTagRecord("v1.2.3"),
    sha3("").slice(0, 8),
  ]).toEqual([
    "managed-image-__nameless__",
    "managed-image-my__space__app__plus__web__slash__api",
    "managed-image-data-a871d86e",
    "meta-27dba8ed_c_s",
    `meta-${murmur("data-a871d86e")}_c_s`,
    `custom-tag-meta-v1-2-3-${murmur("v1.2.3")}`,
    "6b4e0342",
  ]);
});
