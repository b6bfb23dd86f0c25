import { expect, it } from "vitest";

import { compareRepositories } from "../../../src/engine/audit/compare.ts";
import { digestOf } from "../cleanup/repository.ts";
import { auditOf } from "./ground.ts";

it("tells what one repository lacks, has besides, and has otherwise", () => {
  const left = auditOf({ tags: { same: "a", other: "b", gone: "c", lost: null } });
  const right = auditOf({ tags: { same: "a", other: "d", more: "e", lost: "f" } });

  expect(compareRepositories(left.repository, right.repository)).toEqual({
    left: "reg.test/shop",
    right: "reg.test/shop",
    missing: ["gone"],
    extra: ["lost", "more"],
    diverged: [{ tag: "other", left: digestOf("b"), right: digestOf("d") }],
    same: 1,
  });
});

it("leaves out what is each repository's own", () => {
  const left = auditOf({ tags: { cleanup: "a", "client-id-1-2": "b", "sync-server": "c" } });
  const right = auditOf({ tags: { cleanup: "d" } });

  expect(compareRepositories(left.repository, right.repository)).toMatchObject({
    missing: [],
    extra: [],
    diverged: [],
    same: 0,
  });
});
