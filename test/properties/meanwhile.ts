import fc from "fast-check";
import { nameOf } from "../../src/commands/cleanup/result.ts";
import { runApply } from "../../src/commands/cleanup/apply.ts";
import { PlanError } from "../../src/commands/error.ts";
import { namesOf } from "../../src/engine/cleanup/plan.ts";
import type { CleanupPlan } from "../../src/engine/cleanup/plan.ts";
import { isDigest } from "../../src/oci/digest.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { expectSame, expectUnmoved, frozen, watch, withoutOwn } from "./checks.ts";
import { event, happen } from "./event.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { memoryOptions, property, surroundings, usualWorld } from "./property.ts";
import { cleanUp, depsOf, requestOf } from "./run.ts";
import { buildWorld } from "./world.ts";

/** Longer than a listing is trusted, so that every batch lists again. */
const LONG_MS = 61_000;

/** What others do between the plan and its end. */
export const meanwhile = [
  property(
    "what appears or moves after the plan, or between two batches, keeps what it needs",
    350,
    fc.tuple(
      usualWorld,
      surroundings,
      fc.array(fc.record({ when: fc.nat(5), what: event }), { minLength: 1, maxLength: 3 }),
    ),
    async ([spec, around, events]) => {
      const { contents, ask } = buildWorld(spec);
      let before = frozen(contents);
      let guard = watch(contents, judge(before, ask));
      let listings = 0;
      let planned = false;
      let count = 0;
      // What somebody pushes is taken as needed, with all that it names, until the run has ended.
      const pushed = new Set<string>();
      const occur = (now: number): void => {
        for (const { what } of events.filter(({ when }) => when === now)) {
          const known = frozen(contents).tags;
          happen(contents, ask, what, (count += 1));
          before = frozen(contents);
          for (const [tag, digest] of before.tags) if (known.get(tag) !== digest) pushed.add(tag);
          const keepList = new Set([...ask.keepList, ...pushed]);
          guard = watch(contents, judge(before, { ...ask, keepList }));
        }
      };
      const registry = createMemoryRegistry(contents, {
        ...memoryOptions(around),
        changed: (mutation) => guard(mutation),
        before({ op }) {
          if (op !== "list" || !planned) return;
          listings += 1;
          occur(listings);
        },
      });
      try {
        await cleanUp(registry, ask, {
          parallel: around.parallel,
          tickMs: LONG_MS,
          request: {
            savePlan: async () => {
              planned = true;
              occur(0);
            },
          },
        });
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
      }
      expectUnmoved(before, frozen(contents));
    },
  ),
  property(
    "a saved plan never deletes what it does not name, nor what is needed by then",
    200,
    fc.tuple(usualWorld, surroundings, fc.array(event, { maxLength: 3 })),
    async ([spec, around, events]) => {
      const { contents, ask } = buildWorld(spec);
      const options = memoryOptions(around);
      const { plan } = await cleanUp(createMemoryRegistry(contents, options), ask, {
        dryRun: true,
      });
      for (const [at, what] of events.entries()) happen(contents, ask, what, at);
      const before = frozen(contents);
      const registry = createMemoryRegistry(contents, {
        ...options,
        changed: watch(contents, judge(before, ask)),
      });
      const saved = savedPlan(plan);
      const runOptions = { parallel: around.parallel };
      const request = { ...requestOf(ask, runOptions), saved, maxAgeMs: 1 };
      try {
        const { deleted, skipped } = await runApply(request, depsOf(registry, ask, runOptions));
        const strange = deleted.filter(
          (item) => saved.deletes.get(nameOf(item))?.digest !== item.digest,
        );
        expectSame(strange.map(nameOf), [], "what the plan does not name");
        const gone = withoutOwn(before.tags.keys()).filter((tag) => !contents.tags.has(tag));
        expectSame(
          gone,
          new Set(deleted.map(nameOf).filter((tag) => before.tags.has(tag))),
          "what is told",
        );
        if (events.length === 0) {
          expectSame(deleted.map(nameOf), saved.deletes.keys(), "the plan as it is");
          expectSame(skipped.map(nameOf), [], "nothing is skipped");
        }
      } catch (error) {
        if (!(error instanceof PlanError || error instanceof RegistryError)) throw error;
        expectSame(contents.tags.keys(), before.tags.keys(), "a refused plan changes nothing");
      }
      expectUnmoved(before, frozen(contents));
    },
  ),
];

/** A plan as it is read back from a file. */
function savedPlan(plan: CleanupPlan): Parameters<typeof runApply>[0]["saved"] {
  const { repository, project, createdAt, deletions }: CleanupPlan = JSON.parse(
    JSON.stringify(plan),
  );
  const deletes = new Map(
    deletions.flatMap((item) =>
      namesOf(item).map((name) => [name, { digest: item.digest, how: item.how }] as const),
    ),
  );
  for (const { digest } of deletes.values()) if (!isDigest(digest)) throw new Error(digest);
  return { repository, project, createdAt, deletes };
}
