import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Repository } from "../../../src/oci/reference.ts";
import { image, open, push, scratch, tagsOf } from "./fixture.ts";

it.each([
  ["above first", ["shop", "shop/team/web"]],
  ["below first", ["shop/team/web", "shop"]],
])("a layout lies inside another, whichever comes first: %s", async (_, names) => {
  await using place = await scratch();
  await using registry = await open();
  const below = (name: string): Repository => ({
    host: "oci",
    name: join(place.repository.name, name),
  });

  for (const name of names) await push(registry, below(name), { content: image(name), tag: "1.0" });

  const found = await Array.fromAsync(registry.listRepositories(place.repository.name));
  expect(found).toEqual([below("shop"), below("shop/team/web")]);
  for (const name of names)
    expect(Object.keys(await tagsOf(registry, below(name)))).toEqual(["1.0"]);
});

it("layouts that are made side by side do not mistake each other for something else", async () => {
  await using place = await scratch();
  await using registry = await open();
  const names = ["a", "a/b", "a/b/c", "a/d", "a/d/e"];

  await Promise.all(
    names.map((name) => {
      const repository = { host: "oci", name: join(place.repository.name, name) };
      return push(registry, repository, { content: image(name), tag: "1.0" });
    }),
  );

  const found = await Array.fromAsync(registry.listRepositories(place.repository.name));
  expect(found.map(({ name }) => name)).toEqual(
    names.map((name) => join(place.repository.name, name)),
  );
});

it.each([["a file"], ["a directory with a file"]])(
  "beside a layout, %s makes a directory somebody's own",
  async (what) => {
    await using place = await scratch();
    await using registry = await open();
    const root = place.repository.name;
    const inside = { host: "oci", name: join(root, "web") };
    await push(registry, inside, { content: image("web"), tag: "1.0" });
    if (what !== "a file") await mkdir(join(root, "src"));
    await writeFile(join(root, what === "a file" ? "notes" : "src/notes"), "mine");

    await expect(
      push(registry, place.repository, { content: image("root"), tag: "1.0" }),
    ).rejects.toMatchObject({ code: "invalid" });
  },
);

it.runIf(process.platform === "linux")(
  "a place that takes no directory is told at once",
  async () => {
    await using registry = await open();
    const repository = { host: "oci", name: "/proc/tidemark/images" };

    const pushing = push(registry, repository, { content: image("shop"), tag: "1.0" });

    await expect(pushing).rejects.toThrow("oci:/proc/tidemark/images");
  },
);
