import { expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { runCleanup } from "../../../src/commands/cleanup/cleanup.ts";
import type { UsagePolicy } from "../../../src/commands/cleanup/usage.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf, requestOf } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const MINUTE_MS = 60_000;
const [KEPT = "", FIRST = "", SECOND = "", LAST = ""] = ["1", "2", "3", "4"].map(stageId);

const USAGE: UsagePolicy = {
  clusters: {
    connection: {},
    context: undefined,
    expected: [],
    namespaces: "all",
    scope: { finishedJobs: true, helmRevisions: 0, customResources: [] },
  },
  missingAllowed: false,
  aliases: [],
};

it("what begins to run minutes later stays, however dear the listing was", async () => {
  const state = repositoryIn(createState(), REPOSITORY.name);
  for (const stage of [KEPT, FIRST, SECOND, LAST]) {
    seedContent(state, imageOf({ labels: { werf: "shop", stage } }), [stage]);
  }
  let isLate = false;
  let lists = 0;
  const registry = createMemoryRegistry(state, {
    changed: ({ op }) => (isLate ||= op === "delete"),
    before: ({ op }) => void (lists += op === "list" ? 1 : 0),
  });
  const ask = { project: "shop", now: NOW, hours: 0, keepList: new Set([KEPT]), git: undefined };
  const request = requestOf(ask, {});
  const deps = depsOf(registry, ask, {
    uses: () => (isLate ? [{ image: `memory.test/shop/app:${LAST}`, isOurs: true }] : []),
    now: () => new Date(NOW + (isLate ? 2 * MINUTE_MS : 0)),
  });

  const result = await runCleanup(
    { ...request, policy: { ...request.policy, usage: USAGE } },
    // A listing costs a thousand requests.
    { ...deps, requests: () => ({ ...deps.requests(), HEAD: lists * 1000 }) },
  );

  expect(result.deleted).not.toEqual([]);
  expect(state.tags.has(LAST)).toBe(true);
});

function stageId(digit: string): string {
  return `${digit.repeat(56)}-${1_700_000_000_000 - Number(digit)}`;
}
