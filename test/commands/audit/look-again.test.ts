import { describe, expect, it } from "vitest";

import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { NAME, healthy, run } from "./audited.ts";

describe("an audit of a repository where somebody is at work", () => {
  it("takes what went while it read for no fault", async () => {
    const state = healthy();
    const image = imageOf({ labels: { going: "soon" } });
    seedContent(state, image, ["going", "stays"]);
    const registry = createMemoryRegistry(state, {
      before: ({ op, key }) => {
        if (op !== "get" || key !== image.digest) return;
        state.tags.delete("going");
        state.manifests.delete(image.digest);
      },
    });

    const { findings, warnings } = await run(registry);

    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ["dangling-tag", "stays"],
    ]);
    expect(warnings).toContain(`${NAME}: 1 tag went while the audit read the repository`);
  });

  it("takes a tag that moved while it read for no fault, and one that leads to what is gone for one", async () => {
    const state = healthy();
    const old = imageOf({ labels: { number: "1" } });
    const next = imageOf({ labels: { number: "2" } });
    seedContent(state, old, ["latest", "stays"]);
    const registry = createMemoryRegistry(state, {
      before: ({ op, key }) => {
        if (op !== "get" || key !== old.digest || !state.manifests.has(key)) return;
        seedContent(state, next, ["latest"]);
        state.manifests.delete(old.digest);
      },
    });

    const { findings, warnings } = await run(registry);

    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ["dangling-tag", "stays"],
    ]);
    expect(warnings).toContain(`${NAME}: 1 tag moved while the audit read the repository`);
  });

  it("takes a tag that led nowhere for a moment for no fault", async () => {
    const state = healthy();
    const image = imageOf({ labels: { number: "1" } });
    let looks = 0;
    const registry = createMemoryRegistry(state, {
      before: ({ op, key }) => {
        if (op !== "resolve" || key !== "latest") return;
        looks += 1;
        if (looks === 2) seedContent(state, image, ["latest"]);
      },
    });
    state.tags.set("latest", image.digest);

    const { findings } = await run(registry);

    expect(findings).toEqual([]);
  });

  it("takes an index that went while its children were read for no fault", async () => {
    const state = healthy();
    const child = imageOf({ labels: { platform: "one" } });
    const old = indexOf([child]);
    seedContent(state, old, ["latest"]);
    const registry = createMemoryRegistry(state, {
      before: ({ op, key }) => {
        if (op !== "get" || key !== child.digest || !state.manifests.has(key)) return;
        seedContent(state, imageOf({ labels: { number: "2" } }), ["latest"]);
        for (const digest of [old.digest, child.digest]) state.manifests.delete(digest);
      },
    });

    const { findings } = await run(registry);

    expect(findings).toEqual([]);
  });
});
