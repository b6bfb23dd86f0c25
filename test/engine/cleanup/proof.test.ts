import { describe, expect, it } from "vitest";

import type { Facts } from "../../../src/engine/cleanup/inventory.ts";
import { prove } from "../../../src/engine/cleanup/proof.ts";
import type { Proof } from "../../../src/engine/cleanup/proof.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { proofLines } from "../../../src/report/proof-lines.ts";
import {
  digestFor,
  doneOf,
  goingTag,
  inputOf,
  keptTag,
  planOf,
  stageOf,
} from "../../report/sample.ts";
import type { CleanupPlan } from "../../../src/engine/cleanup/plan.ts";
import { classifyTag } from "../../../src/stages/tag.ts";

describe("a proof", () => {
  it("leads from what is asked about down to the roots, each once", () => {
    const plan = planOf({
      kept: [
        keptTag("a", "stage", [
          { kind: "ancestor", of: "b" },
          { kind: "ancestor", of: "c" },
        ]),
        keptTag("b", "stage", [{ kind: "dependency", of: "d" }]),
        keptTag("c", "stage", [{ kind: "dependency", of: "d" }]),
        keptTag("d", "stage", [{ kind: "keep-list" }]),
        keptTag("other", "stage", [{ kind: "keep-list" }]),
      ],
    });

    expect(names(proofOf("a", plan))).toEqual(["a", "b", "c", "d"]);
    expect(textOf("a", plan)).toEqual([
      "a is kept:",
      "  - ancestor of b",
      "    - d depends on it",
      "      - the keep list names it",
      "  - ancestor of c",
      "    - d depends on it (shown above)",
    ]);
  });

  it("of what goes leads to everything that has to go before it", () => {
    const [stage, child] = [stageOf("a"), stageOf("b")];
    const plan = planOf({
      deletions: [
        goingTag({ tag: child, class: "stage", because: "unneeded" }),
        goingTag({ tag: stage, class: "stage", because: "rejected" }, [child]),
      ],
    });

    expect(proofOf(stage, plan)).toMatchObject([
      {
        name: stage,
        verdict: "deleted",
        because: "rejected",
        after: [child],
        checks: [{ kind: "rejected" }, {}, {}, {}],
      },
      {
        name: child,
        verdict: "deleted",
        because: "unneeded",
        checks: expect.arrayContaining([{ kind: "no-history" }]),
      },
    ]);
  });

  it("of a digest is that of every tag on it", () => {
    const plan = planOf({
      kept: [{ ...keptTag("stays", "foreign", [{ kind: "foreign" }]), digest: digestFor("x") }],
      deletions: [
        {
          ...goingTag({ tag: "goes", class: "image", because: "unneeded" }),
          digest: digestFor("x"),
          how: "tag",
        },
      ],
    });

    expect(names(proofOf(digestFor("x"), plan))).toEqual(["stays", "goes"]);
  });

  it("of a manifest that no tag names is what the plan says of it", () => {
    const plan = planOf({
      keptManifests: [{ digest: digestFor("stays"), reasons: [{ kind: "unknown-age" }] }],
      deletions: [
        {
          digest: digestFor("goes"),
          how: "manifest",
          tags: [],
          because: "orphan",
          level: 0,
          after: [],
        },
      ],
    });

    expect(proofOf(digestFor("stays"), plan)).toMatchObject([
      { verdict: "kept", class: "untagged", reasons: [{ kind: "unknown-age" }] },
    ]);
    expect(proofOf(digestFor("goes"), plan)).toMatchObject([
      {
        verdict: "deleted",
        class: "untagged",
        because: "orphan",
        how: "manifest",
        checks: [{ kind: "age", hours: 2 }, { kind: "usage", images: 1 }, {}, {}],
      },
    ]);
  });

  it("of a manifest that nobody listed is what stays and leads to it, at any depth", () => {
    const plan = planOf({ kept: [keptTag("root", "index", [{ kind: "keep-list" }])] });
    const facts = new Map<Digest, Facts>([
      [digestFor("root"), indexOf("nested")],
      [digestFor("nested"), indexOf("child")],
      [digestFor("unrelated"), indexOf("child", "lost")],
    ]);

    expect(textOf(digestFor("child"), plan, facts)).toEqual([
      `${digestFor("child")} is kept:`,
      `  - child of the index ${digestFor("nested")}`,
      "    - child of the index root",
      "      - the keep list names it",
    ]);
    expect(proofOf(digestFor("lost"), plan, facts)).toEqual([]);
  });

  it("of what is not there is empty", () => {
    expect(proofOf("nowhere", planOf())).toEqual([]);
  });

  it("of a chain of thousands is written as far as anybody reads", () => {
    const tags = Array.from({ length: 5000 }, (_, place) => `s${place}`);
    const kept = tags.map((tag, place) =>
      keptTag(tag, "stage", [{ kind: "ancestor", of: `s${place + 1}` }]),
    );

    expect(proofOf("s0", planOf({ kept }))).toHaveLength(5000);
    expect(textOf("s0", planOf({ kept })).at(-1)).toMatch(/ancestor of s40 \(too deep to show\)$/);
  });

  it("names the rule that claims an image, and what could have kept it", () => {
    const claim = { rule: "releases", image: "web", commits: [] };
    const plan = planOf({
      deletions: [goingTag({ tag: "v1", class: "image", because: "unneeded", claim })],
    });

    expect(textOf("v1", plan)).toEqual([
      "v1 would go, with its manifest, claimed by releases as image web: nothing needs it",
      "  - the Git policies do not count here",
      "  - releases claims it and keeps others",
      "  - not built within the last 2 hours",
      "  - no cluster uses it; compared with 1 image in use",
      "  - neither the keep list nor a running publisher names it",
      "  - nothing that stays has it as child, ancestor, import or dependency",
    ]);
  });
});

const USED = { image: "x", cluster: "c", namespace: "n", object: "Pod/p", container: "c" };

function proofOf(
  name: string,
  plan: CleanupPlan,
  facts: ReadonlyMap<Digest, Facts> = new Map(),
): Proof {
  const tags = [...plan.kept, ...doneOf(plan).deleted].flatMap(({ tag, digest }) =>
    tag === undefined || digest === undefined ? [] : [{ tag, digest, class: classifyTag(tag) }],
  );
  return prove(name, plan, inputOf({ tags, usage: [USED] }), facts);
}

function textOf(name: string, plan: CleanupPlan, facts?: ReadonlyMap<Digest, Facts>): string[] {
  return proofLines(proofOf(name, plan, facts), [name]);
}

function names(proof: Proof): string[] {
  return proof.map((node) => node.name);
}

function indexOf(...children: readonly string[]): Facts {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  return {
    kind: "index",
    children: children.map((child) => ({ digest: digestFor(child), mediaType })),
  };
}
