import { expect, it } from "vitest";
import { customTagRecordTag } from "../../../src/stages/tag.ts";
import { DAY_MS, NOW, lineOf, planFor, recordOf, stageOf } from "./repository.ts";
import type { SmallRepository } from "./repository.ts";

const [A, B] = [stageOf("a"), stageOf("b")];
const YOUNG = stageOf("c", NOW - DAY_MS / 24);

it("the record by which a branch keeps a stage stays, older ones of the stage go", () => {
  expect(
    fates({
      tags: { [A]: "1", [recordOf("b", A)]: "2", [recordOf("a", A)]: "3" },
      history: lineOf("b", "a"),
    }),
  ).toEqual({
    [A]: "kept by git-policy",
    [recordOf("b", A)]: "kept by record",
    [recordOf("a", A)]: "superseded",
  });
});

it("a record of a commit that nobody has goes, though its stage stays", () => {
  expect(
    fates({
      tags: { [A]: "1", [recordOf("b", A)]: "2", [recordOf("f", A)]: "3" },
      history: lineOf("b"),
    }),
  ).toMatchObject({ [recordOf("f", A)]: "unknown-commit" });
});

it("a record of an image name that nobody knows protects nothing and goes", () => {
  expect(
    fates({
      tags: { [A]: "1", [recordOf("b", A, "api")]: "2" },
      history: lineOf("b"),
    }),
  ).toEqual({ [A]: "unneeded", [recordOf("b", A, "api")]: "stage-gone" });
});

it("a stage that something else keeps does not lose its newest record", () => {
  expect(
    fates({
      tags: {
        [A]: "1",
        [recordOf("a", A)]: "2",
        [recordOf("f", A)]: "3",
        [B]: "5",
        [recordOf("b", B)]: "4",
      },
      keep: [A],
      history: lineOf("b", "a"),
    }),
  ).toEqual({
    [A]: "kept by keep-list",
    [recordOf("a", A)]: "kept by last-record",
    [recordOf("f", A)]: "unknown-commit",
    [B]: "kept by git-policy",
    [recordOf("b", B)]: "kept by record",
  });
});

it("the records of a stage that its age keeps are left alone", () => {
  expect(
    fates({
      tags: { [YOUNG]: "1", [recordOf("f", YOUNG)]: "2", [recordOf("e", YOUNG)]: "3" },
      history: lineOf("b"),
      keepBuiltWithinHours: 2,
    }),
  ).toEqual({
    [YOUNG]: "kept by built-recently",
    [recordOf("f", YOUNG)]: "kept by record",
    [recordOf("e", YOUNG)]: "kept by record",
  });
});

it("a rejected stage is kept neither by Git nor by age, and its marker goes with it", () => {
  expect(
    fates({
      tags: { [YOUNG]: "1", [recordOf("b", YOUNG)]: "2", [`${YOUNG}-rejected`]: "3" },
      history: lineOf("b"),
      keepBuiltWithinHours: 2,
    }),
  ).toEqual({
    [YOUNG]: "rejected",
    [recordOf("b", YOUNG)]: "stage-gone",
    [`${YOUNG}-rejected`]: "stage-gone",
  });
});

it("a record goes after its stage", () => {
  const record = recordOf("a", A);
  const { deletions } = planFor({
    tags: { [record]: "2", [A]: "1", web: "3", "managed-image-web": "4" },
  });

  expect(deletions.map(({ tags, after }) => [tags[0]?.tag, after])).toEqual([
    [A, []],
    [record, [A]],
  ]);
});

/** What becomes of every tag, in a repository that knows the image `web`. */
function fates({ tags, ...rest }: SmallRepository): Record<string, string> {
  const plan = planFor({ ...rest, tags: { ...tags, "managed-image-web": "9" } });
  const kept = plan.kept.map(({ tag, reasons }) => [tag, `kept by ${reasons[0]?.kind}`] as const);
  const going = plan.deletions.flatMap((item) =>
    item.tags.map(({ tag, because }) => [tag, because] as const),
  );
  const { "managed-image-web": _, ...others } = Object.fromEntries<string>([...kept, ...going]);
  return others;
}

it("a custom tag whose own stage is gone goes before the stage tag that proves whose it is", () => {
  const record = customTagRecordTag("live");
  const tags = { [A]: "1", live: "1", stable: "1", [record]: "3" };
  const { deletions } = planFor({ tags, labels: { 3: { "stage-id": stageOf("d"), tag: "live" } } });

  expect(deletions.map((item) => item.tags.map(({ tag }) => tag))).toEqual([
    ["live"],
    [A],
    [record],
  ]);
});
