import { expect, it } from "vitest";

import { adapters } from "../../adapters/index.ts";
import { nameProblem } from "../../src/registry/names.ts";

const long = (length: number): string => `team/${"x".repeat(length - "team/".length)}`;

it.each([
  ["default", "shop"],
  ["default", "team/shop/api__v2--next.1"],
  ["ecr", "team/shop"],
  ["ecr", long(256)],
  ["dockerhub", "team/ab"],
  ["github", "owner/shop/api"],
  ["gcr", "project/image"],
  ["layout", "/srv/images"],
])("%s can have %s", async (id, name) => {
  expect(nameProblem({ host: "registry.test", name }, await recordOf(id))).toBeUndefined();
});

it.each([
  ["default", "Shop", "any that the specification allows"],
  ["default", long(256), "has 256 characters, and a repository's name has 255 at most"],
  ["ecr", "a", "two lower-case letters or digits or more"],
  ["ecr", "team/shop--api", "with single . _ - / between them"],
  ["ecr", long(257), "has 256 at most"],
  ["dockerhub", "team/shop/api", "has 3 components, and a repository's name has 2"],
  ["dockerhub", "team/a", "2 to 255 characters"],
  ["quay", "shop", "has 1 component, and a repository's name has 2"],
  ["github", "shop", "with 2 components or more"],
  ["layout", "images", "an absolute path"],
])("%s cannot have %s", async (id, name, why) => {
  const problem = nameProblem({ host: "registry.test", name }, await recordOf(id));

  expect(problem).toContain(why);
});

async function recordOf(id: string) {
  const entry = adapters.find((one) => one.id === id);
  if (entry === undefined) throw new Error(`there is no adapter ${id}`);
  return (await entry.load()).capabilities;
}
