import { describe, expect, it } from "vitest";
import { formatReference, parseNamespace } from "../../src/oci/reference.ts";
import { chooseImagesRepo, imageReference } from "../../src/stages/images-repo.ts";
import type { RepositoryNames } from "../../src/stages/images-repo.ts";

const NESTED: RepositoryNames = { nested: true, components: 0 };
const TWO: RepositoryNames = { nested: false, components: 2 };
const THREE: RepositoryNames = { nested: false, components: 3 };

describe("the mode that auto chooses", () => {
  it.each([
    ["registry.test", NESTED, "registry", "multirepo"],
    ["registry.test/shop", NESTED, "repository", "multirepo"],
    ["registry.test/shop/images", NESTED, "repository", "multirepo"],
    ["flat.test/acme", TWO, "registry", "multirepo"],
    ["flat.test/acme/shop", TWO, "repository", "monorepo"],
    ["acme", TWO, "registry", "multirepo"],
    ["acme/shop", TWO, "repository", "monorepo"],
    ["packages.test/acme/shop", THREE, "registry", "multirepo"],
    ["packages.test/acme/shop/api", THREE, "repository", "monorepo"],
  ] as const)("%s", (address, names, kind, mode) => {
    expect(chooseImagesRepo(parseNamespace(address), "auto", names)).toMatchObject({ kind, mode });
  });
});

describe("combinations that can be asked for", () => {
  it.each([
    ["registry.test", "multirepo", NESTED],
    ["registry.test/shop", "monorepo", NESTED],
    ["registry.test/shop", "multirepo", NESTED],
    ["flat.test/acme", "multirepo", TWO],
    ["flat.test/acme/shop", "monorepo", TWO],
  ] as const)("%s, %s", (address, mode, names) => {
    expect(chooseImagesRepo(parseNamespace(address), mode, names).mode).toBe(mode);
  });

  it.each([
    ["registry.test", "monorepo", NESTED, "is a registry"],
    ["flat.test/acme", "monorepo", TWO, "is a registry"],
    ["flat.test/acme/shop", "multirepo", TWO, "is a repository"],
    ["flat.test/acme/shop/api", "auto", TWO, "has 3 components"],
    ["flat.test", "auto", TWO, "has 0 components"],
    ["packages.test/acme", "auto", THREE, "has 1 components"],
  ] as const)("%s, %s is refused", (address, mode, names, why) => {
    expect(() => chooseImagesRepo(parseNamespace(address), mode, names)).toThrow(why);
  });
});

describe("where an image goes", () => {
  it.each([
    ["registry.test/shop", "multirepo", NESTED, "api", "registry.test/shop/api:1.0"],
    ["registry.test/shop", "multirepo", NESTED, "back/api", "registry.test/shop/back/api:1.0"],
    ["registry.test", "multirepo", NESTED, "api", "registry.test/api:1.0"],
    ["registry.test/shop", "monorepo", NESTED, "api", "registry.test/shop:api-1.0"],
    ["registry.test/shop", "multirepo", NESTED, "", "registry.test/shop:1.0"],
    ["registry.test/shop", "monorepo", NESTED, "", "registry.test/shop:1.0"],
    ["foo", "auto", TWO, "frontend", "index.docker.io/foo/frontend:1.0"],
    ["foo/project", "auto", TWO, "frontend", "index.docker.io/foo/project:frontend-1.0"],
  ] as const)("%s, %s: %s", (address, mode, names, image, expected) => {
    const images = chooseImagesRepo(parseNamespace(address), mode, names);

    expect(formatReference(imageReference(images, image, "1.0", names))).toBe(expected);
  });

  it("a name that no tag can hold becomes its slug", () => {
    const images = chooseImagesRepo(parseNamespace("registry.test/shop"), "monorepo", NESTED);

    expect(imageReference(images, "da/ta", "1", NESTED).tag).toMatch(/^da-ta-1-[0-9a-f]{1,8}$/);
  });

  it("the nameless image is refused in a registry", () => {
    const images = chooseImagesRepo(parseNamespace("registry.test"), "auto", NESTED);

    expect(() => imageReference(images, "", "1.0", NESTED)).toThrow("nameless image");
  });

  it("a name with a slash is refused where repositories cannot be nested", () => {
    const images = chooseImagesRepo(parseNamespace("flat.test/acme"), "auto", TWO);

    expect(() => imageReference(images, "back/api", "1.0", TWO)).toThrow("cannot be nested");
  });
});
