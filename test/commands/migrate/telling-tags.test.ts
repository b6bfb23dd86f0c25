import fc from "fast-check";
import { expect, it } from "vitest";

import { tellingTags } from "../../../src/commands/migrate/telling-tags.ts";
import { imageMetadataTag, managedImageTag, rejectedTag } from "../../../src/stages/tag.ts";

const [FIRST = "", SECOND = ""] = ["1", "2"].map((digit) => `${digit.repeat(56)}-1700000000000`);
const RECORD = imageMetadataTag("web", "c".repeat(40), FIRST);
const NAME = managedImageTag("web");
const TAGS = [FIRST, SECOND, RECORD, NAME, rejectedTag(SECOND), "latest"];

it("one of each class that names the project, in whatever order they are listed", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(TAGS, { minLength: TAGS.length }), (listed) => {
      expect(tellingTags(listed)).toEqual([NAME, RECORD, FIRST]);
    }),
  );
});

it("none where nothing names a project", () => {
  expect(tellingTags(["latest", rejectedTag(SECOND)])).toEqual([]);
});
