import { expect, it } from "vitest";

import { imageOf, indexOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../../contract-tests/fakes/state.ts";
import { readContents } from "../../../src/commands/audit/read-contents.ts";
import type { Contents } from "../../../src/commands/audit/read-contents.ts";
import type { Event } from "../../../src/events/event.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import type { MemoryOptions } from "../../properties/memory-registry.ts";
import { failure } from "../../properties/memory-registry.ts";
import { REPOSITORY, depsOf } from "../../properties/run.ts";

const ONE = imageOf({ labels: { number: "one" } });
const TWO = imageOf({ labels: { number: "two" } });

it("counts what indexes lead to among what is to do, each once and as soon as it is known", async () => {
  const events: Event[] = [];
  const inner = indexOf([ONE]);
  const outer = indexOf([inner, TWO, TWO]);

  await read(new Map([[outer.digest, true]]), { stored: [outer], events });

  expect(events).toEqual([
    { type: "phase.started", phase: "reading manifests", total: 1 },
    { type: "phase.advanced", phase: "reading manifests", done: 1, total: 3 },
    { type: "phase.advanced", phase: "reading manifests", done: 2, total: 4 },
    { type: "phase.advanced", phase: "reading manifests", done: 3, total: 4 },
    { type: "phase.advanced", phase: "reading manifests", done: 4, total: 4 },
  ]);
});

it.each([
  ["unreadable", "a second reading understands", "protocol", 1],
  ["missing", "is there when it is read for its config", "not-found", 2],
] as const)("does not call %s what %s", async (_, __, code, failures) => {
  const index = indexOf([ONE]);
  const wanted = new Map([
    [ONE.digest, false],
    [index.digest, true],
  ]);
  let looks = 0;
  const before: MemoryOptions["before"] = ({ op, key }) => {
    if (op !== "get" || key !== ONE.digest) return;
    looks += 1;
    if (looks <= failures) throw failure(code, key);
  };

  const { contents, missing, unreadable } = await read(wanted, { stored: [index], before });

  expect(looks).toBe(failures + 1);
  expect(contents.has(ONE.digest)).toBe(true);
  expect([...missing, ...unreadable]).toEqual([]);
});

function read(
  wanted: ReadonlyMap<Digest, boolean>,
  {
    stored,
    events = [],
    before,
  }: {
    readonly stored: readonly Parameters<typeof seedContent>[1][];
    readonly events?: Event[];
    readonly before?: MemoryOptions["before"];
  },
): Promise<Contents> {
  const state: RepositoryState = repositoryIn(createState(), REPOSITORY.name);
  for (const content of stored) seedContent(state, content);
  const registry = createMemoryRegistry(state, before === undefined ? {} : { before });
  const ask = { project: "shop", now: 0, hours: 0, keepList: new Set<string>(), git: undefined };
  const deps = {
    ...depsOf(registry, ask, {}),
    report: (event: Event) => void events.push(event),
  };
  return readContents(wanted, () => ({ registry, repository: REPOSITORY }), deps);
}
