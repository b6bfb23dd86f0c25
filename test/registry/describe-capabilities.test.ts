import { expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";
import { capabilities } from "../../adapters/default/capabilities.ts";
import {
  CAPABILITY_FIELDS,
  describeCapabilities,
} from "../../src/registry/describe-capabilities.ts";

it("every field of a record has its line", () => {
  expect([...CAPABILITY_FIELDS].sort()).toEqual(Object.keys(capabilities).sort());
});

it.each(adapters)("$id is told in words", async ({ load }) => {
  const lines = describeCapabilities((await load()).capabilities);

  for (const { value, meaning } of lines) {
    expect(value).toMatch(/^[\w, -]+$/);
    expect(meaning).toMatch(/^[a-z0-9][^\n]+[^\n.]$/);
  }
});

it("values and lists are words", () => {
  const lines = describeCapabilities({
    ...capabilities,
    nestedRepositories: false,
    tagBatchSize: 100,
    deletionCascade: ["tags", "referrers"],
  });

  expect(
    lines.filter(({ field }) => /^(?:nested|tagBatch|deletionC|undelete)/.test(field)),
  ).toEqual([
    {
      field: "nestedRepositories",
      value: "no",
      meaning: "one name below the namespace, without further levels",
    },
    { field: "tagBatchSize", value: "100", meaning: "up to 100 tags a request" },
    {
      field: "deletionCascade",
      value: "tags, referrers",
      meaning: "with a manifest go its tags, its referrers",
    },
    {
      field: "undelete",
      value: "none",
      meaning: "what was deleted comes back only by pushing it again",
    },
  ]);
});
