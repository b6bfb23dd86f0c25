import { afterEach, expect, it } from "vitest";

import { seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { MigrationSide } from "../../../src/commands/migrate/request.ts";
import type { MigrationPlan } from "../../../src/engine/migrate/plan.ts";
import { image, openPlanning, record, stage, stageId } from "./planning.ts";
import type { Planning, PlanningSide } from "./planning.ts";

let planning: Planning;
afterEach(() => planning[Symbol.asyncDispose]());

it("repositories of a namespace keep their paths below another one", async () => {
  planning = await openPlanning();
  push("team/shop", "v1");
  push("team/shop/api", "v2");
  push("other/shop", "v3");

  const plan = await planning.plan({
    from: below(planning.from, "team"),
    to: below(planning.to, "moved/here"),
  });

  expect(whereIn(plan)).toEqual(["moved/here/shop:v1", "moved/here/shop/api:v2"]);
});

it("into one repository, tags of images get the image's name, and stages, records and signatures keep theirs", async () => {
  planning = await openPlanning();
  const id = stageId("a");
  const api = image("api");
  seedContent(planning.from.state("team/shop"), stage("app"), [id]);
  seedContent(planning.from.state("team/shop"), record("name"), ["managed-image-api"]);
  seedContent(planning.from.state("team/shop"), image("itself"), ["itself"]);
  seedContent(planning.from.state("team/shop/api"), api, ["1.0"]);
  const signature = `sha256-${api.digest.slice(7)}.sig`;
  seedContent(planning.from.state("team/shop/api"), image("sig"), [signature]);

  const plan = await planning.plan({
    from: below(planning.from, "team/shop"),
    to: repository(planning.to, "all"),
  });

  expect(whereIn(plan)).toEqual([
    "all:managed-image-api",
    `all:${id}`,
    "all:itself",
    `all:${signature}`,
    "all:api-1.0",
  ]);
});

it("out of one repository, tags of images that records know go back to theirs, with their signatures", async () => {
  planning = await openPlanning();
  const id = stageId("a");
  const api = planning.from.push(image("api"), "api-1.0");
  planning.from.push(image("nested"), "api-web-1.0");
  planning.from.push(image("other"), "worker-2");
  planning.from.push(image("unknown"), "notes");
  planning.from.push(stage("app"), id);
  planning.from.push(record("api"), "managed-image-api");
  planning.from.push(record("api-web"), "managed-image-api-web");
  const signature = `sha256-${api.digest.slice(7)}.sig`;
  planning.from.push(image("sig"), signature);

  const plan = await planning.plan({ to: below(planning.to, "team"), imageNames: ["worker"] });

  expect(whereIn(plan).toSorted()).toEqual(
    [
      "team:managed-image-api",
      "team:managed-image-api-web",
      `team:${id}`,
      "team:notes",
      `team/api:${signature}`,
      "team/api:1.0",
      "team/api-web:1.0",
      "team/worker:2",
    ].toSorted(),
  );
});

it("of two tags that would have one name, the first goes and the other says what took it", async () => {
  planning = await openPlanning();
  const first = seedContent(planning.from.state("team/a"), stage("one"), [stageId("a")]);
  seedContent(planning.from.state("team/b"), stage("other"), [stageId("a")]);

  const plan = await planning.plan({
    from: below(planning.from, "team"),
    to: repository(planning.to, "all"),
  });

  expect(whereIn(plan)).toEqual([`all:${stageId("a")}`]);
  expect(plan.repositories[1]?.left).toMatchObject([{ why: { kind: "taken", by: first } }]);
});

it("a name that the target cannot have is told before anything is sent", async () => {
  planning = await openPlanning();
  push("team/shop", "v1");
  push(`team/${"x".repeat(240)}`, "v2");
  const to = below(planning.to, "a-namespace-that-is-too-long");

  const some = await planning.plan({ from: below(planning.from, "team"), to });
  const none = planning.plan({
    from: below(planning.from, `team/${"x".repeat(240)}`),
    to: below(planning.to, "y".repeat(256)),
  });

  expect(whereIn(some)).toEqual(["a-namespace-that-is-too-long/shop:v1"]);
  expect(some.repositories[1]?.left).toMatchObject([{ why: { kind: "unnameable" } }]);
  await expect(none).rejects.toThrow("nothing can be copied: the target has no place for v2");
});

it("a target in the namespace that is copied is refused, also before it is there", async () => {
  planning = await openPlanning();
  push("team/shop", "v1");

  const plan = planning.plan({
    from: below(planning.from, "team"),
    to: repository(planning.from, "team/all"),
  });

  await expect(plan).rejects.toThrow(/--to .*\/team\/all lies in --from .*\/team; /);
});

it("an image whose repository would be the source itself is refused", async () => {
  planning = await openPlanning();
  planning.from.push(image("web"), "shop-1.0");

  const plan = planning.plan({ to: below(planning.from, ""), imageNames: ["shop"] });

  await expect(plan).rejects.toThrow(/--from and --to both have .*\/shop/);
});

function push(name: string, tag: string): void {
  seedContent(planning.from.state(name), image(name), [tag]);
}

function below(side: PlanningSide, name: string): MigrationSide {
  return { kind: "below", namespace: side.at(name) };
}

function repository(side: PlanningSide, name: string): MigrationSide {
  return { kind: "repository", repository: side.at(name) };
}

/** `repository:tag` of every planned tag, in its order. */
function whereIn({ repositories }: MigrationPlan): readonly string[] {
  return repositories.flatMap(({ to, tags }) => tags.map(({ as }) => `${to.name}:${as}`));
}
