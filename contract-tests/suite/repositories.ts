import { describe, expect, it } from "vitest";
import type { Repository } from "../../src/oci/reference.ts";
import { nameProblem } from "../../src/registry/names.ts";
import { imageOf } from "../fakes/seed.ts";
import { codeOf, pushBlobs, tagsOf } from "./harness.ts";
import type { Harness, LearnedSubject } from "./harness.ts";

export function describeRepositories(subject: LearnedSubject): void {
  describeRepositoryListing(subject);
  describeCreation(subject);
}

function describeRepositoryListing(subject: LearnedSubject): void {
  const { learned, open, withoutCatalog = false } = subject;
  describe.runIf(withoutCatalog)("listRepositories without a catalog", () => {
    it("rejects, and yields nothing", async () => {
      await using harness = await open();
      await seedOne(harness, harness.repository);

      const listing = repositoriesOf(harness, namespaceOf(harness.repository));

      const code = expect.stringMatching(/^(?:not-found|unsupported)$/);
      await expect(listing).rejects.toMatchObject({ name: "RegistryError", code });
    });
  });

  describe.runIf(learned.repositoryListing && !withoutCatalog)("listRepositories", () => {
    it("yields what lies at the name, and not what only begins like it", async () => {
      await using harness = await open();
      const { repository, sibling } = harness;
      for (const each of [repository, sibling]) await seedOne(harness, each);

      const found = await repositoriesOf(harness, repository.name);

      expect(found).toContain(repository.name);
      expect(found).not.toContain(sibling.name);
    });

    it("yields what lies below a namespace, each once", async () => {
      await using harness = await open();
      const { repository, nested, sibling } = harness;
      for (const each of [repository, nested, sibling]) await seedOne(harness, each);
      const namespace = namespaceOf(repository);

      const found = await repositoriesOf(harness, namespace);

      const seeded = [repository, nested, sibling].map(({ name }) => name);
      const below = seeded.filter((name) => namespace === "" || name.startsWith(`${namespace}/`));
      expect(found).toEqual(expect.arrayContaining(below));
      expect(new Set(found).size).toBe(found.length);
    });

    it("yields nothing of a namespace that only the beginning of a name is", async () => {
      await using harness = await open();
      const { repository } = harness;
      await seedOne(harness, repository);

      // Some registries say that there is no such namespace, in which case nothing is found either.
      const found = await repositoriesOf(harness, repository.name.slice(0, -2)).catch(codeOf);

      expect(found).not.toContain(repository.name);
    });
  });

  describe.runIf(!learned.repositoryListing)("listRepositories, unsupported", () => {
    it("rejects before any request is sent", async () => {
      await using harness = await open();
      const before = harness.requests();

      const listing = repositoriesOf(harness, namespaceOf(harness.repository));

      await expect(listing).rejects.toMatchObject({ name: "RegistryError", code: "unsupported" });
      expect(harness.requests()).toBe(before);
    });
  });
}

function describeCreation({ learned, open }: LearnedSubject): void {
  describe("a repository that nobody made", () => {
    it.runIf(learned.repositoryCreation === "implicit")("is made by the first push", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const image = imageOf();
      await pushBlobs(harness, image);

      await registry.putManifest({ ...repository, tag: "1.0" }, image);

      expect(await tagsOf(harness)).toEqual(["1.0"]);
    });

    it.runIf(learned.repositoryCreation === "implicit")("needs no request to be made", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const before = harness.requests();

      await registry.createRepository(repository);

      expect(harness.requests()).toBe(before);
    });

    it.runIf(learned.repositoryCreation === "explicit")(
      "takes a push once it is made",
      async () => {
        await using harness = await open();
        const { registry, repository } = harness;
        const made = { ...repository, name: `${repository.name}-made` };
        const image = imageOf();

        await registry.createRepository(made);
        await registry.createRepository(made);
        await pushBlobs(harness, image, made);
        await registry.putManifest({ ...made, tag: "1.0" }, image);

        expect(await tagsOf(harness, made)).toEqual(["1.0"]);
      },
    );

    it("has a name that the record allows", async () => {
      await using harness = await open();

      expect(nameProblem(harness.repository, learned)).toBeUndefined();
      expect(nameProblem(harness.sibling, learned)).toBeUndefined();
    });

    it.runIf(learned.repositoryCreation === "explicit")("takes no push, and says so", async () => {
      await using harness = await open();
      const { registry, repository } = harness;
      const [first = "", ...rest] = repository.name.split("/");
      const unmade = { ...repository, name: [`${first}-unmade`, ...rest].join("/") };

      const pushed = pushBlobs(harness, imageOf(), unmade);

      const code = expect.stringMatching(/^(?:not-found|denied)$/);
      await expect(pushed).rejects.toMatchObject({ name: "RegistryError", code });
      expect(await registry.resolve({ ...unmade, tag: "1.0" }).catch(codeOf)).not.toBeTypeOf(
        "object",
      );
    });
  });

  describe("a repository below a repository", () => {
    it.runIf(learned.nestedRepositories)("is one of its own", async () => {
      await using harness = await open();
      const { registry, nested } = harness;
      const image = imageOf();
      await pushBlobs(harness, image, nested);

      await registry.putManifest({ ...nested, tag: "1.0" }, image);

      expect(await tagsOf(harness, nested)).toEqual(["1.0"]);
      expect((await registry.resolve({ ...nested, tag: "1.0" }))?.digest).toBe(image.digest);
    });

    it.runIf(!learned.nestedRepositories)("is as deep as the record says", async () => {
      await using harness = await open();
      const parts = harness.repository.name.split("/");

      expect(parts).toHaveLength(learned.repositoryComponents);
    });

    it.runIf(!learned.nestedRepositories)("takes no push, and says so", async () => {
      await using harness = await open();
      const { repository } = harness;
      const below = { ...repository, name: `${repository.name}/deeper/still` };

      const pushed = pushBlobs(harness, imageOf(), below);

      const code = expect.stringMatching(/^(?:invalid|unsupported|denied|not-found)$/);
      await expect(pushed).rejects.toMatchObject({ name: "RegistryError", code });
    });
  });
}

async function seedOne(harness: Harness, repository: Repository): Promise<void> {
  await harness.seed(imageOf(), { tags: ["1.0"], repository });
}

async function repositoriesOf({ registry }: Harness, namespace: string): Promise<string[]> {
  const found = await Array.fromAsync(registry.listRepositories(namespace));
  expect(new Set(found.map(({ host }) => host)).size).toBeLessThanOrEqual(1);
  return found.map(({ name }) => name);
}

/** Everything before the last part of a name. */
function namespaceOf({ name }: Repository): string {
  return name.split("/").slice(0, -1).join("/");
}
