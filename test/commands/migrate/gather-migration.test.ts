import { afterEach, describe, expect, it } from "vitest";

import { descriptorOf, imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { dockerRegistry2 } from "../../../contract-tests/fakes/personality.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { imageMetadataTag } from "../../../src/stages/tag.ts";
import { DAY_MS, image, openPlanning, record, stage, stageId } from "./planning.ts";
import type { Planning } from "./planning.ts";

const COMMIT = "c".repeat(40);
const FAKE = { from: dockerRegistry2, to: dockerRegistry2 };

let planning: Planning;
afterEach(() => planning[Symbol.asyncDispose]());

describe("a plan", () => {
  it("has every tag with what it leads to, what is needed first", async () => {
    planning = await openPlanning();
    const [one, other] = [image("one"), image("other")];
    const nested = planning.from.push(indexOf([indexOf([one, other])]), "latest");

    const plan = await planning.planOne();

    expect(plan.tags).toEqual([
      { tag: "latest", as: "latest", class: "foreign", digest: nested.digest, there: "missing" },
    ]);
    const inner = nested.children[0]?.digest;
    expect(plan.manifests.map(({ digest, after }) => [digest, after])).toEqual([
      [one.digest, []],
      [other.digest, []],
      [inner, [one.digest, other.digest]],
      [nested.digest, [inner]],
    ]);
    expect(plan.manifests[0]?.blobs.map(({ digest }) => digest)).toEqual(
      one.blobs.map(({ digest }) => digest),
    );
    expect(plan).toMatchObject({ isFresh: true, needsCreation: false, left: [] });
  });

  it("costs one request a tag that the target lacks", async () => {
    planning = await openPlanning(FAKE);
    for (const name of ["a", "b", "c"]) planning.from.push(image(name), `v-${name}`);

    await planning.planOne();

    const asked = planning.from.requests().filter((request) => request.includes("/manifests/"));
    expect(asked.toSorted()).toEqual(["a", "b", "c"].map((name) => `GET shop/manifests/v-${name}`));
    expect(planning.to.requests().filter((request) => request.includes("/manifests/"))).toEqual([]);
  });

  it("costs two requests a tag that the target has, and plans nothing for it", async () => {
    planning = await openPlanning(FAKE);
    const same = image("same");
    planning.from.push(same, "v1");
    planning.to.push(same, "v1");

    const plan = await planning.planOne();

    expect(plan.tags).toMatchObject([{ tag: "v1", there: "present" }]);
    expect(plan.manifests).toEqual([]);
    expect(plan.isFresh).toBe(false);
    expect(manifestRequests(planning)).toEqual([
      "HEAD shop/manifests/v1",
      "HEAD shop/manifests/v1",
    ]);
  });

  it("leaves a tag that the target has with other content, unless it is to be replaced", async () => {
    planning = await openPlanning();
    const wanted = planning.from.push(image("wanted"), "v1");
    const there = planning.to.push(image("there"), "v1");

    const careful = await planning.planOne();
    const bold = await planning.planOne({ overwrite: true });

    expect(careful.tags).toEqual([]);
    expect(careful.left).toEqual([
      {
        tag: "v1",
        digest: wanted.digest,
        class: "foreign",
        why: { kind: "taken", by: there.digest },
      },
    ]);
    expect(bold.tags).toMatchObject([{ tag: "v1", there: "differs" }]);
    expect(bold.manifests.map(({ digest }) => digest)).toEqual([wanted.digest]);
  });

  it("leaves what is not whole: a child that is not there, a format of old, a tag that leads nowhere", async () => {
    planning = await openPlanning(FAKE);
    const gone = image("gone");
    planning.from.push(indexOf([gone, image("there")]), "sparse");
    planning.from.state().manifests.delete(gone.digest);
    const old = planning.from.push(schemaOne("old"), "old");
    planning.from.push(image("lost"), "lost");
    planning.from.state().manifests.delete(image("lost").digest);

    const plan = await planning.planOne();

    expect(plan.tags).toEqual([]);
    expect(plan.left.map(({ tag, why }) => [tag, why])).toEqual([
      ["lost", { kind: "dangling" }],
      ["old", { kind: "broken", missing: old.digest, how: "unreadable" }],
      ["sparse", { kind: "broken", missing: gone.digest, how: "absent" }],
    ]);
  });

  it("leaves what belongs to the source alone", async () => {
    planning = await openPlanning();
    planning.from.push(image("app"), "v1");
    const own = ["cleanup", "sync-server", "client-id-x-1", "tidemark-lease-0123456789abcdef-0"];
    for (const tag of own) planning.from.push(record(tag), tag);

    const plan = await planning.planOne();

    expect(plan.tags.map(({ tag }) => tag)).toEqual(["v1"]);
    expect(plan.left.map(({ tag, why }) => [tag, why.kind])).toEqual(
      own.toSorted().map((tag) => [tag, "transient"]),
    );
  });

  it("sets names first, then what warns and what signs, then stages, and each record after what it is about", async () => {
    planning = await openPlanning();
    const id = stageId("a");
    const app = planning.from.push(stage("app"), id, "release");
    planning.from.push(indexOf([app]), "b".repeat(56));
    planning.from.push(image("sig"), `sha256-${app.digest.slice(7)}.sig`);
    for (const tag of [`${id}-rejected`, "managed-image-app", `meta-1a2b_${COMMIT}_${id}`]) {
      planning.from.push(record(tag), tag);
    }
    planning.from.push(
      record("alias", { tag: "release", "stage-id": id }),
      "custom-tag-meta-release",
    );
    planning.from.push(image("notes"), "notes");

    const plan = await planning.planOne();

    expect(plan.tags.map((tag) => tag.class)).toEqual([
      "managed-image",
      "rejected",
      "signature",
      "stage",
      "index",
      "image-metadata",
      "custom-tag-metadata",
      "custom-tag",
      "foreign",
    ]);
    expect(plan.project).toBe("shop");
  });

  it("asks for no foreign tag that nobody asked for", async () => {
    planning = await openPlanning(FAKE);
    planning.from.push(stage("app"), stageId("a"));
    planning.from.push(image("notes"), "notes");

    const plan = await planning.planOne({ selection: { foreign: false } });

    expect(plan.left).toEqual([{ tag: "notes", class: "foreign", why: { kind: "foreign" } }]);
    expect(planning.from.requests().join()).not.toContain("notes");
  });
});

describe("referrers", () => {
  it("come along by their tags, with what is about them in turn", async () => {
    planning = await openPlanning();
    const app = planning.from.push(image("app"), "v1");
    const signature = planning.from.push(image("sig"), `sha256-${app.digest.slice(7)}.sig`);
    planning.from.push(image("about the sig"), `sha256-${signature.digest.slice(7)}.att`);
    const stray = `sha256-${"e".repeat(64)}.sig`;
    planning.from.push(image("stray"), stray);

    const plan = await planning.planOne({ selection: { classes: new Set(["foreign"]) } });
    const alone = await planning.planOne({ selection: { classes: new Set(["signature"]) } });

    expect(alone.tags.map(({ class: label }) => label)).toEqual([
      "signature",
      "signature",
      "signature",
    ]);
    expect(plan.tags.map(({ class: label }) => label)).toEqual([
      "signature",
      "signature",
      "foreign",
    ]);
    expect(plan.left).toMatchObject([{ tag: stray, why: { kind: "subject-left" } }]);
  });

  it("that were copied before their subject was removed from the source are there, those of what is left are not", async () => {
    planning = await openPlanning();
    const [moved, left] = [image("moved"), planning.from.push(image("left"), "notes")];
    planning.to.push(moved, "v1");
    planning.to.push(left);
    const tags = [moved, left].map(({ digest }) => `sha256-${digest.slice(7)}.sig`);
    for (const tag of tags) {
      planning.from.push(image(tag), tag);
      planning.to.push(image(tag), tag);
    }

    const plan = await planning.planOne({ selection: { foreign: false } });

    expect(plan.tags).toMatchObject([{ tag: tags[0], there: "present" }]);
    expect(plan.left).toMatchObject([
      { tag: "notes", why: { kind: "foreign" } },
      { tag: tags[1], why: { kind: "subject-left" } },
    ]);
  });

  it("come along though no tag names them, after what they are about", async () => {
    planning = await openPlanning();
    const app = planning.from.push(image("app"), "v1");
    const sbom = planning.from.push(referrerOf(app, "sbom"));
    const seal = planning.from.push(referrerOf(sbom, "seal"));

    const plan = await planning.planOne();
    const without = await planning.planOne({ referrers: false });

    expect(plan.manifests.map(({ digest, after }) => [digest, after])).toEqual([
      [app.digest, []],
      [sbom.digest, [app.digest]],
      [seal.digest, [sbom.digest]],
    ]);
    expect(without.manifests.map(({ digest }) => digest)).toEqual([app.digest]);
  });

  it("that came since the last run are copied, those that are there are not", async () => {
    planning = await openPlanning();
    const app = planning.from.push(image("app"), "v1");
    const [old, young] = [referrerOf(app, "old"), referrerOf(app, "young")];
    for (const content of [old, young]) planning.from.push(content);
    planning.to.push(app, "v1");
    planning.to.push(old);

    const plan = await planning.planOne();

    expect(plan.tags).toMatchObject([{ there: "present" }]);
    expect(plan.manifests.map(({ digest }) => digest)).toEqual([young.digest]);
  });

  it("that a target has, but in no index that would tell them, are planned again", async () => {
    planning = await openPlanning({ to: dockerRegistry2 });
    const app = planning.from.push(image("app"), "v1");
    const [lost, told] = [referrerOf(app, "lost"), referrerOf(app, "told")];
    for (const content of [lost, told]) {
      planning.from.push(content);
      planning.to.push(content);
    }
    planning.to.push(app, "v1");
    planning.to.push(indexOf([told]), `sha256-${app.digest.slice(7)}`);

    const plan = await planning.planOne();

    expect(plan.manifests.map(({ digest }) => digest)).toEqual([lost.digest]);
  });

  it("are asked for where a listing may not tell them: of children without a tag, and of referrers", async () => {
    planning = await openPlanning();
    const app = image("app");
    planning.from.push(indexOf([app]), "v1");
    const [sbom, seal] = [referrerOf(app, "sbom"), referrerOf(referrerOf(app, "sbom"), "seal")];
    for (const content of [sbom, seal]) planning.from.push(content);
    const { registry } = planning.from;
    const listing = {
      ...registry,
      capabilities: { ...registry.capabilities, untaggedListing: true },
      async *listManifests() {
        yield { digest: indexOf([app]).digest, tags: ["v1"] };
      },
    };

    const plan = await planning.planOne({
      deps: { openRegistry: async (_, role) => (role === "to" ? planning.to.registry : listing) },
    });

    expect(plan.manifests.map(({ digest }) => digest)).toEqual(
      expect.arrayContaining([sbom.digest, seal.digest]),
    );
  });

  it("of a child of an index that is there already are copied", async () => {
    planning = await openPlanning();
    const app = image("app");
    planning.from.push(indexOf([app]), "v1");
    planning.to.push(indexOf([app]), "v1");
    planning.from.push(image("sig"), `sha256-${app.digest.slice(7)}.sig`);
    const sbom = planning.from.push(referrerOf(app, "sbom"));

    const untold = await planning.planOne({
      selection: { classes: new Set(["foreign"]) },
      referrers: false,
    });
    const plan = await planning.planOne({ selection: { classes: new Set(["foreign"]) } });

    for (const { tags } of [plan, untold]) {
      expect(tags.map(({ tag, there }) => [tag.slice(-4), there])).toEqual([
        [".sig", "missing"],
        ["v1", "present"],
      ]);
    }
    expect(plan.manifests.map(({ digest }) => digest)).toContain(sbom.digest);
  });
});

describe("a selection", () => {
  it("of an image takes its stages, what they were made of, and their records", async () => {
    planning = await openPlanning();
    const [base, app, other] = [stageId("a", 3), stageId("b", 2), stageId("c", 1)];
    planning.from.push(stage("base"), base);
    planning.from.push(stage("app", { "werf.io/parent-stage-id": base }), app);
    planning.from.push(stage("other"), other);
    const [web, api] = [recordTag("web", app), recordTag("api", other)];
    for (const tag of ["managed-image-web", "managed-image-api", web, api]) {
      planning.from.push(record(tag), tag);
    }

    const plan = await planning.planOne({ selection: { images: ["w*b"] } });

    expect(plan.tags.map(({ tag }) => tag)).toEqual(["managed-image-web", base, app, web]);
    expect(new Set(plan.left.map(({ why }) => why.kind))).toEqual(new Set(["not-selected"]));
  });

  it("by age reads when stages were built, and when images were made", async () => {
    planning = await openPlanning();
    const [young, old] = [stageId("a", 1), stageId("b", 30)];
    planning.from.push(stage("young"), young, "release");
    planning.from.push(stage("old"), old);
    planning.from.push(image("made in January"), "notes");
    const alias = { tag: "release", "stage-id": young };
    planning.from.push(record("alias", alias), "custom-tag-meta-release");

    const younger = await planning.planOne({ selection: { youngerThanMs: 10 * DAY_MS } });
    const older = await planning.planOne({ selection: { olderThanMs: 10 * DAY_MS } });

    expect(younger.tags.map(({ tag }) => tag)).toEqual([
      young,
      "custom-tag-meta-release",
      "release",
    ]);
    expect(older.tags.map(({ tag }) => tag)).toEqual([old, "notes"]);
  });

  it("takes an index for as young as its youngest child, and its children with it", async () => {
    planning = await openPlanning();
    const [young, old] = [stageId("a", 1), stageId("b", 30)];
    const children = [stage("young"), stage("old")];
    planning.from.push(stage("young"), young);
    planning.from.push(stage("old"), old);
    planning.from.push(indexOf(children), "f".repeat(56));

    const plan = await planning.planOne({ selection: { youngerThanMs: 10 * DAY_MS } });

    expect(plan.tags.map(({ tag }) => tag)).toEqual([young, old, "f".repeat(56)]);
  });

  it("of classes takes no other, but for signatures of what it takes", async () => {
    planning = await openPlanning();
    const id = stageId("a");
    const app = planning.from.push(stage("app"), id, "release");
    planning.from.push(image("sig"), `sha256-${app.digest.slice(7)}.sig`);
    planning.from.push(record("meta"), `meta-1_${COMMIT}_${id}`);

    const plan = await planning.planOne({ selection: { classes: new Set(["stage"]) } });

    expect(plan.tags.map((tag) => tag.class)).toEqual(["signature", "stage"]);
    expect(plan.left.map(({ tag, why }) => [tag, why.kind])).toEqual([
      [`meta-1_${COMMIT}_${id}`, "not-selected"],
      ["release", "not-selected"],
    ]);
  });

  it("of tags takes custom tags with their stages and both records", async () => {
    planning = await openPlanning();
    const id = stageId("a");
    planning.from.push(stage("app"), id, "release");
    planning.from.push(stage("other"), stageId("b"));
    const alias = { tag: "release", "stage-id": id };
    planning.from.push(record("alias", alias), "custom-tag-meta-release");
    planning.from.push(record("meta"), `meta-1_${COMMIT}_${id}`);

    const plan = await planning.planOne({ selection: { tags: ["rel*"] } });

    expect(plan.tags.map((tag) => tag.class)).toEqual([
      "stage",
      "image-metadata",
      "custom-tag-metadata",
      "custom-tag",
    ]);
  });

  it("of what a cleanup would keep leaves the rest", async () => {
    planning = await openPlanning();
    const [kept, going] = [stageId("a", 1), stageId("b", 30)];
    planning.from.push(stage("kept"), kept);
    planning.from.push(stage("going"), going);

    const plan = await planning.planOne({
      selection: {
        kept: {
          project: "shop",
          gitHistory: false,
          fetch: false,
          policies: [],
          builtInPolicies: false,
          keepBuiltWithinHours: 48,
          keepList: new Set(),
        },
      },
    });

    expect(plan.tags.map(({ tag }) => tag)).toEqual([kept]);
    expect(plan.left.map(({ tag, why }) => [tag, why.kind])).toEqual([[going, "not-kept"]]);
  });
});

describe("a run is refused", () => {
  it("for a source without anything to copy, unless that is allowed", async () => {
    planning = await openPlanning();
    planning.from.push(record("cleanup"), "cleanup");

    await expect(planning.plan()).rejects.toMatchObject({ guard: "empty-source" });
    const plan = await planning.planOne({ allow: new Set(["empty-source"]) });

    expect(plan.tags).toEqual([]);
  });

  it("when both sides are one repository", async () => {
    planning = await openPlanning();
    const repository = planning.from.at();

    const plan = planning.plan({ to: { kind: "repository", repository } });

    await expect(plan).rejects.toThrow(/--from and --to both have .*\/shop/);
  });

  it("when the target has stages of another project", async () => {
    planning = await openPlanning();
    planning.from.push(stage("ours"), stageId("a"));
    planning.to.push(image("theirs", { werf: "site" }), stageId("b"));

    await expect(planning.plan()).rejects.toMatchObject({ guard: "other-project" });
    await planning.plan({ allow: new Set(["other-project"]) });
  });

  it("when the records lie elsewhere, until somebody says where", async () => {
    planning = await openPlanning();
    const id = stageId("a");
    planning.from.push(stage("app"), id);
    planning.from.push(record("marker"), "werf-meta-repo-marker-1");
    const records = planning.from.state("shop-meta");
    seedContent(records, record("meta"), [`meta-1_${COMMIT}_${id}`]);
    seedContent(records, image("notes"), ["notes"]);

    await expect(planning.plan()).rejects.toMatchObject({ guard: "meta-repo" });
    const { repositories } = await planning.plan({ fromMetaRepo: planning.from.at("shop-meta") });

    expect(repositories.map(({ from, tags }) => [from.name, tags.map(({ tag }) => tag)])).toEqual([
      ["shop", [id]],
      ["shop-meta", [`meta-1_${COMMIT}_${id}`]],
    ]);
  });
});

function recordTag(imageName: string, stage: string): string {
  return imageMetadataTag(imageName, COMMIT, stage);
}

function referrerOf(subject: SeedContent, name: string): SeedContent {
  return imageOf({ layers: [name], subject: descriptorOf(subject) });
}

/** A manifest as registries served them before 2016. */
function schemaOne(name: string): SeedContent {
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 1, name, fsLayers: [] }));
  const mediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  return { mediaType, bytes, digest: digestOf(bytes), blobs: [], children: [] };
}

function manifestRequests({ from, to }: Planning): readonly string[] {
  const all = [...from.requests(), ...to.requests()];
  return all.filter((request) => request.includes("/manifests/"));
}
