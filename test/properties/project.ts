import fc from "fast-check";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { runCleanup } from "../../src/commands/cleanup.ts";
import type { CommandDeps } from "../../src/commands/deps.ts";
import { runProjectCleanup } from "../../src/commands/project-cleanup.ts";
import type { RoleResult } from "../../src/commands/carry-out-project.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Ask } from "./ask.ts";
import { Broken, expectSame, frozen, watch, withoutOwn } from "./checks.ts";
import { copyOf } from "./contents.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import type { MemoryOptions, MemoryRegistry } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { nameOf } from "./model-names.ts";
import { memoryOptions, property, surroundings, usualWorld } from "./property.ts";
import type { Surroundings } from "./property.ts";
import { cleanUp, depsOf, requestOf } from "./run.ts";
import { buildWorld } from "./world.ts";

/** What holds of a project with more repositories than one. */
export const projects = [
  property(
    "records in a repository of their own lead to what is left where they are with the stages",
    200,
    fc.tuple(usualWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const options = tagByTag(around);
      const apart = copyOf(contents);
      const records = takeAway(apart, isRecord);
      await cleanUp(createMemoryRegistry(contents, options), ask);

      const registries = {
        repo: createMemoryRegistry(apart, options),
        "meta-repo": createMemoryRegistry(records, options),
      };
      const request = requestOf(ask, {});
      const policy = { ...request.policy, metaRepo: repositoryOf("meta-repo") };
      const result = await runCleanup({ ...request, policy }, depsFor(registries, ask, around));

      expectSame(
        result.failed.map(({ message }) => message),
        [],
        "what failed",
      );
      const left = [...apart.tags.keys(), ...records.tags.keys()];
      expectSame(withoutOwn(left), withoutOwn(contents.tags.keys()), "the tags that are left");
    },
  ),
  property(
    "a copy ends with the stages that the primary ends with, and never lacks one that it keeps",
    200,
    fc.tuple(usualWorld, surroundings, fc.constantFrom("final-repo", "cache-repo"), fc.nat(5)),
    async ([spec, around, role, share]) => {
      const { contents, ask } = buildWorld(spec);
      const options = tagByTag(around);
      const copy = copyOfStages(contents, (at) => at % 6 >= share);
      const whole = [...copy.tags.keys()];
      const verdict = judge(frozen(contents), ask);
      const changed = watch(contents, verdict);
      const registries = {
        repo: createMemoryRegistry(contents, { ...options, changed }),
        [role]: createMemoryRegistry(copy, {
          ...options,
          changed: ({ tags }) => {
            for (const tag of tags) {
              if (verdict.staying.has(tag)) throw new Broken(`the copy lost ${tag}, which stays`);
            }
          },
        }),
      };
      await cleanProject(registries, role, ask, around);

      expectSame(
        copy.tags.keys(),
        whole.filter((tag) => contents.tags.has(tag)),
        "the stages that are left in the copy",
      );
    },
  ),
  property(
    "whatever cannot be removed, a final repository never has a stage whose records are gone",
    200,
    fc.tuple(usualWorld, surroundings, fc.nat(6), fc.nat(6)),
    async ([spec, around, first, second]) => {
      const { contents, ask } = buildWorld(spec);
      const options = tagByTag(around);
      const final = copyOfStages(contents, () => true);
      const before = frozen(contents);
      const refuses =
        (place: number): NonNullable<MemoryOptions["refuses"]> =>
        ({ index }) =>
          index % 7 === place ? "unavailable" : undefined;
      const registries = {
        repo: createMemoryRegistry(contents, { ...options, refuses: refuses(first) }),
        "final-repo": createMemoryRegistry(final, { ...options, refuses: refuses(second) }),
      };
      await cleanProject(registries, "final-repo", ask, around);

      for (const tag of final.tags.keys()) {
        if (contents.tags.has(tag) || !before.tags.has(tag)) continue;
        throw new Broken(`${tag} stays in the final repository alone`);
      }
    },
  ),
];

/** Whether a tag can go alone changes what shares a manifest, which lies elsewhere here. */
function tagByTag(around: Surroundings): Pick<MemoryOptions, "capabilities" | "untags"> {
  return memoryOptions({ ...around, untags: true });
}

function isRecord(tag: string): boolean {
  const { is } = nameOf(tag);
  return is !== "stage" && is !== "index" && is !== "signature" && is !== "other";
}

/** Moves tags, with all there is, into another repository. */
function takeAway(from: RepositoryState, goes: (tag: string) => boolean): RepositoryState {
  const taken = copyOf(from);
  for (const tag of from.tags.keys()) (goes(tag) ? from : taken).tags.delete(tag);
  return taken;
}

/** The stages of a repository, or some of them. */
function copyOfStages(from: RepositoryState, taken: (at: number) => boolean): RepositoryState {
  const copy = copyOf(from);
  for (const [at, tag] of [...copy.tags.keys()].entries()) {
    if (nameOf(tag).is !== "stage" || !taken(at)) copy.tags.delete(tag);
  }
  return copy;
}

function repositoryOf(role: string): Repository {
  return { host: "reg.test", name: role };
}

function cleanProject(
  registries: Readonly<Record<string, MemoryRegistry>>,
  role: "final-repo" | "cache-repo",
  ask: Ask,
  around: Surroundings,
): Promise<readonly RoleResult[]> {
  const copies = [{ role, repository: repositoryOf(role) }];
  return runProjectCleanup(
    { ...requestOf(ask, {}), copies, secondary: [] },
    depsFor(registries, ask, around),
  );
}

function depsFor(
  registries: Readonly<Record<string, MemoryRegistry>>,
  ask: Ask,
  { parallel }: Surroundings,
): CommandDeps {
  const spare = createMemoryRegistry(createRepository());
  return {
    ...depsOf(spare, ask, { parallel }),
    openRegistry: (_, role = "repo") => Promise.resolve(registries[role] ?? spare),
  };
}
