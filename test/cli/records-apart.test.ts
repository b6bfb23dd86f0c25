import { expect, it } from "vitest";
import { openWorld } from "./world.ts";
import type { OtherRepository, World } from "./world.ts";

it.each(["allow", "digest-invalid-400"] as const)(
  "a tag that comes to the manifest of a record while the run goes on stays with it (deletion by tag: %s)",
  async (tagDeletion) => {
    let push = (): void => {};
    await using world = await openWorld({
      fake: { tagDeletion },
      faults: [{ when: ({ method, path }) => isLease(method, path), before: () => push() }],
    });
    const meta = recordsApart(world);
    const [record = ""] = Object.keys(meta.tags()).filter((tag) => tag.includes(world.tag("s1")));
    push = () => meta.copy(record, "somebody-elses");

    const run = await world.run(["cleanup", "--meta-repo", meta.address, "--quiet"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(meta.tags()).toHaveProperty("somebody-elses");
    expect(world.tags()).not.toHaveProperty(world.tag("s1"));
  },
);

function recordsApart(world: World): OtherRepository {
  const meta = world.other("acme/shop-meta");
  for (const tag of world.model.tags.keys()) {
    if (!/^(?:meta|managed-image)-/.test(tag)) continue;
    meta.copy(tag);
    world.remove(tag);
  }
  return meta;
}

function isLease(method: string, path: string): boolean {
  return method === "PUT" && path.includes("tidemark-lease-");
}
