import { expect, it } from "vitest";

import { imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import { createState, repositoryIn } from "../../../contract-tests/fakes/state.ts";
import { createAnswerBook } from "../../../src/commands/cleanup/untagged.ts";
import type { Question } from "../../../src/engine/cleanup/inventory.ts";
import type { Event } from "../../../src/events/event.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { REPOSITORY } from "../../properties/run.ts";

const IMAGE = imageOf();

it.each<[string, readonly Question["ask"][]]>([
  ["looking for what signatures are about", ["presence"]],
  ["asking for referrers", ["referrers"]],
  ["asking for referrers", ["presence", "referrers"]],
])("says that it is %s when it asks for %j", async (phase, asks) => {
  const state = repositoryIn(createState(), REPOSITORY.name);
  seedContent(state, IMAGE);
  const events: Event[] = [];
  const book = createAnswerBook(
    { registry: createMemoryRegistry(state), repository: REPOSITORY },
    { parallel: 2, report: (event) => events.push(event), signal: new AbortController().signal },
  );

  await book.answer(asks.map((ask) => ({ ask, digest: IMAGE.digest })));

  expect(events[0]).toEqual({ type: "phase.started", phase, total: asks.length });
  expect(book.presence.get(IMAGE.digest)).toBe(asks.includes("presence") ? true : undefined);
});
