import { describe, expect, it } from "vitest";
import { furtherDisagreements } from "./compare-further.ts";
import type { Outcome } from "./compare.ts";
import { modelCopies } from "./copies.ts";
import { modelRepository } from "./model.ts";
import { parseScenario } from "./scenario.ts";

const scenario = parseScenario({
  id: "sample",
  about: "",
  registry: {
    stages: [
      { id: "s1", built: "-30d" },
      { id: "s2", built: "-30d" },
    ],
    managedImages: [],
  },
  expect: { exit: 0 },
});
const model = modelRepository(scenario, Date.parse("2026-06-01T00:00:00Z"), {
  commitOf: () => "c".repeat(40),
});
const tag = (id: string): string => model.tagsOf(id)[0] ?? id;
const copies = modelCopies(
  { role: "final-repo", copies: ["s1", "s2"], foreign: ["latest"] },
  model,
);
const copied = new Map([...copies.tags].map(([name, { digest }]) => [name, digest]));

describe("what a scenario of our own expects", () => {
  it.each<[string, Partial<Outcome["expected"]>]>([
    ["a word that is said", { says: ["gone\\b"] }],
    ["a reason among others", { because: { s2: "in-use" } }],
    ["what was skipped and what failed", { skipped: ["s1"], failed: [] }],
    ["the order of the journal", { order: [["s2"], ["s1"]] }],
    ["a manifest that is there and one that is not", { reachable: ["s2"], unreachable: ["s1"] }],
    ["what another repository keeps and loses", { kept: ["final/s2"], deleted: ["final/s1"] }],
  ])("is %s", async (_, expected) => {
    expect(await furtherDisagreements(outcome(expected))).toEqual([]);
  });

  it.each<[string, Partial<Outcome["expected"]>, string]>([
    ["a word that is not said", { says: ["nothing"] }, "does not say /nothing/"],
    ["another reason", { because: { s2: "keep-list" } }, "s2 is kept for in-use,foreign, not keep"],
    ["a reason of what is not kept", { because: { s1: "in-use" } }, "kept for nothing"],
    ["something else skipped", { skipped: [] }, "skipped are"],
    ["something else failed", { failed: ["s2"] }, "failed are , not"],
    ["another order", { order: [["s1"], ["s2"]] }, "s2 went too early"],
    ["what the journal lacks", { order: [["other"]] }, "the journal lacks other"],
    ["a manifest that is gone", { reachable: ["s1"] }, "the manifest s1 is gone"],
    ["a manifest that is left", { unreachable: ["s2"] }, "the manifest s2 is left"],
    ["a copy that is gone", { kept: ["final/s1"] }, `final: ${tag("s1")} is gone`],
    ["a copy that is left", { deleted: ["final/s2"] }, `final: ${tag("s2")} is left`],
  ])("is not %s", async (_, expected, problem) => {
    const problems = await furtherDisagreements(outcome(expected));

    expect(problems).toContainEqual(expect.stringContaining(problem));
  });

  it("never takes what is not ours from another repository, nor anything when it may change nothing", async () => {
    const after = new Map([...copied].filter(([name]) => name !== "latest"));
    const others = [{ name: "final", model: copies, before: copied, after, broken: [] }];

    expect(await furtherDisagreements({ ...outcome({}), others })).toContain(
      "final: latest is gone",
    );
    expect(await furtherDisagreements({ ...outcome({}), work: "nothing" })).toContain(
      `final: ${tag("s1")} is gone`,
    );
  });
});

function outcome(expected: Partial<Outcome["expected"]>): Outcome {
  const after = new Map([...copied].filter(([name]) => name !== tag("s1")));
  const reading = {
    digests: new Map<string, string>(),
    broken: [],
    config: async () => new Uint8Array(0),
    holds: async (digest: string) => digest === model.contentOf("s2").digest,
  };
  return {
    expected: { exit: 0, kept: [], deleted: [], either: [], recordsEither: [], ...expected },
    model,
    before: reading,
    after: reading,
    others: [{ name: "final", model: copies, before: copied, after, broken: [] }],
    run: {
      exit: 0,
      report: {
        schema: 1,
        kept: [{ tag: tag("s2"), reasons: [{ kind: "in-use" }, { kind: "foreign" }] }],
        deleted: [],
        failed: [],
        skipped: [{ tag: tag("s1"), why: "refused" }],
        warnings: [],
      },
      output: "it is gone now",
      startedAt: 0,
      endedAt: 0,
    },
    untags: true,
    lastTagTakesManifest: false,
    work: "cleanup",
    journal: [
      JSON.stringify({ schema: 2 }),
      JSON.stringify({ digest: "sha256:2", tags: [tag("s2")] }),
      JSON.stringify({ digest: "sha256:1", tags: [tag("s1")] }),
    ],
    cloneBefore: "",
    cloneAfter: "",
  };
}
