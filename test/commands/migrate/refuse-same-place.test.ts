import { expect, it } from "vitest";
import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { refuseSamePlace } from "../../../src/commands/migrate/refuse-same-place.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryOptions, Mutation } from "../../properties/memory-registry.ts";
import { REPOSITORY } from "../../properties/run.ts";
import { soleRunner } from "../../properties/runner.ts";

const NOW = Date.UTC(2026, 0, 10);

it("one repository by two names is found out, and nothing stays of how", async () => {
  const state = repository("shop");
  const { outcome, tags } = await look(state, state, ["v1"]);

  expect(outcome).toMatchObject({ guard: "same-place" });
  expect(outcome.message).toContain("memory.test/shop/app and other.test/shop/app are one");
  expect(tags()).toEqual(["v1"]);
});

it("two with the same tags are told apart, and nothing stays of how", async () => {
  const { outcome, tags, mutations } = await look(repository("shop"), repository("copy"), ["v1"]);

  expect(outcome).toBeUndefined();
  expect(mutations.some(({ op }) => op === "put")).toBe(true);
  expect(tags()).toEqual(["v1"]);
});

it("nothing is written where a tag is on one side alone", async () => {
  const source = repository("shop");
  seedContent(source, imageOf(), ["notes"]);
  const { outcome, mutations } = await look(source, repository("copy"), ["v1", "notes"]);

  expect(outcome).toBeUndefined();
  expect(mutations).toEqual([]);
});

it("a source that takes nothing is left as it is when nothing else tells", async () => {
  const before: MemoryOptions["before"] = ({ op }) => {
    if (op === "put") throw new RegistryError("denied", "you may not push");
  };
  const { outcome, tags } = await look(repository("shop"), repository("copy"), [], { before });

  expect(outcome).toMatchObject({ guard: "same-place" });
  expect(outcome.message).toContain("you may not push");
  expect(tags()).toEqual(["v1"]);
});

type State = ReturnType<typeof repositoryIn>;

function repository(name: string): State {
  const state = repositoryIn(createState(), name);
  seedContent(state, imageOf({ labels: { a: "1" } }), ["v1"]);
  return state;
}

interface Looked {
  // oxlint-disable-next-line typescript/no-explicit-any -- what is read of it is asserted
  readonly outcome: any;
  readonly tags: () => readonly string[];
  readonly mutations: readonly Mutation[];
}

async function look(
  source: State,
  target: State,
  others: readonly string[],
  options: MemoryOptions = {},
): Promise<Looked> {
  const from = createMemoryRegistry(source, options);
  const to = createMemoryRegistry(target);
  const outcome: unknown = await refuseSamePlace(
    {
      from: { registry: from, repository: REPOSITORY },
      to: { registry: to, repository: { ...REPOSITORY, host: "other.test" } },
      project: "shop",
      others,
    },
    {
      now: () => new Date(NOW),
      report: () => undefined,
      runner: soleRunner(NOW),
      signal: new AbortController().signal,
    },
  ).catch((error: unknown) => error);
  return { outcome, tags: () => [...source.tags.keys()], mutations: from.mutations };
}
