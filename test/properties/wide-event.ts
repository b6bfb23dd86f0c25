import fc from "fast-check";
import { sha3 } from "../scenarios/formats.ts";
import { addImage, addIndex } from "./contents.ts";
import type { RepositoryState } from "./contents.ts";
import { nameOf } from "./model-names.ts";
import { target, use } from "./wide-spec.ts";
import { addLeaseRecord, findTarget, useOf } from "./wide-world.ts";
import type { WideWorld } from "./wide-world.ts";
import { NOW } from "./world.ts";

/** What somebody else does besides pushing stages, records and tags. */
export const wideEvent = fc.oneof(
  fc.record({ kind: fc.constantFrom("referrer", "nested", "lease"), of: target }),
  use.map((one) => ({ ...one, kind: "use" }) as const),
);

export type WideEvent = typeof wideEvent extends fc.Arbitrary<infer Value> ? Value : never;

/** Does it; answers what a cleanup ought to know by then. */
export function pushLater(
  state: RepositoryState,
  ask: WideWorld["ask"],
  what: WideEvent,
  count: number,
): WideWorld["ask"] {
  const { extras } = ask;
  if (what.kind === "use" && "what" in what) {
    const uses = [...extras.uses, ...useOf(state, what)];
    return { ...ask, extras: { ...extras, uses } };
  }
  const subject = findTarget(state, what.of);
  if (what.kind === "referrer") {
    const created = new Date(NOW).toISOString();
    const layer = `later ${count}`;
    const image = addImage(state, { media: "oci", created, labels: {}, layer, subject });
    state.tags.set(`later-${count}`, image.digest);
    return ask;
  }
  if (what.kind === "nested") {
    const inner = addIndex(state, "oci", [subject]);
    const tag = what.of.at % 2 === 0 ? `later-${count}` : sha3(`later ${count}`);
    state.tags.set(tag, addIndex(state, "docker", [inner]).digest);
    return ask;
  }
  const stages = [...state.tags].flatMap(([tag, on]) =>
    on === subject.digest && nameOf(tag).is === "stage" ? [tag] : [],
  );
  const lease = addLeaseRecord(state, { run: "beef", count: 100 + count, until: "live", stages });
  return {
    ...ask,
    extras: {
      ...extras,
      leased: new Set([...extras.leased, ...stages]),
      liveLeases: new Set([...extras.liveLeases, lease]),
    },
  };
}
