import fc from "fast-check";
import { createRepository } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { runCleanup } from "../../src/commands/cleanup/cleanup.ts";
import type { CommandDeps } from "../../src/commands/deps.ts";
import { runPurge } from "../../src/commands/cleanup/purge.ts";
import { runProjectCleanup } from "../../src/commands/cleanup/project-cleanup.ts";
import type { RoleResult } from "../../src/commands/cleanup/carry-out-project.ts";
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
  property(
    "a project's run that is killed after any change ends, when it is run again, as an undisturbed one",
    200,
    fc.tuple(usualWorld, surroundings, fc.boolean(), fc.nat(200)),
    async ([spec, around, isApart, at]) => {
      const { contents, ask } = buildWorld(spec);
      const whole = projectOf(contents, isApart);
      const changes = await runProject(whole, ask, around);
      const cut = projectOf(contents, isApart);
      let left = changes === 0 ? 0 : at % changes;
      await runProject(cut, ask, around, {
        before: () => {
          if (left < 0) throw new Killed();
        },
        changed: () => {
          left -= 1;
        },
      }).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      await runProject(cut, ask, around);
      for (const [role, state] of Object.entries(cut)) {
        const expected = new Set(withoutOwn(whole[role]?.tags.keys() ?? []));
        // A signature whose image is gone is nobody's, so it is the one thing that may stay.
        const found = withoutOwn(state.tags.keys()).filter(
          (tag) => expected.has(tag) || nameOf(tag).is !== "signature",
        );
        expectSame(found, expected, `what is left in ${role}`);
      }
    },
  ),
  property(
    "a purge leaves what a cleanup without policies leaves, and records of the project only beside a stage",
    200,
    fc.tuple(usualWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const bare = { ...ask, git: undefined, hours: 0 };
      const cleaned = copyOf(contents);
      await cleanUp(createMemoryRegistry(cleaned, tagByTag(around)), bare);
      const registries = { repo: createMemoryRegistry(contents, tagByTag(around)) };
      await runPurge(
        { ...requestOf(ask, {}), copies: [], secondary: [] },
        depsFor(registries, ask, around),
      );

      const left = withoutOwn(contents.tags.keys());
      expectSame(
        left.filter((tag) => !isOfProject(tag)),
        withoutOwn(cleaned.tags.keys()).filter((tag) => !isOfProject(tag)),
        "what is left besides records of the project",
      );
      const hasStages = left.some((tag) => nameOf(tag).is === "record" || isStage(tag));
      const unlisted = new Set(ask.keepList);
      const records = left.filter((tag) => isOfProject(tag) && !unlisted.has(tag));
      if (!hasStages) expectSame(records, [], "records of a project without stages");
    },
  ),
];

/** The process is gone. */
class Killed extends Error {
  override readonly name = "Killed";
}

/** A project with a final repository that has custom tags too, and perhaps one for records, by role. */
function projectOf(contents: RepositoryState, isApart: boolean): Record<string, RepositoryState> {
  const primary = copyOf(contents);
  const final = copyOf(contents);
  for (const [at, tag] of [...contents.tags.keys()].entries()) {
    const isAlias = tag.startsWith("app-");
    if (isAlias && at % 2 === 0) primary.tags.delete(tag);
    if (!isAlias && nameOf(tag).is !== "stage") final.tags.delete(tag);
  }
  if (!isApart) return { repo: primary, "final-repo": final };
  return { repo: primary, "final-repo": final, "meta-repo": takeAway(primary, isRecord) };
}

/** Cleans a project; answers how many changes that took. */
async function runProject(
  states: Readonly<Record<string, RepositoryState>>,
  ask: Ask,
  around: Surroundings,
  more: Pick<MemoryOptions, "before" | "changed"> = {},
): Promise<number> {
  const registries = Object.fromEntries(
    Object.entries(states).map(([role, state]) => [
      role,
      createMemoryRegistry(state, { ...tagByTag(around), ...more }),
    ]),
  );
  const request = requestOf(ask, {});
  const metaRepo = "meta-repo" in states ? { metaRepo: repositoryOf("meta-repo") } : {};
  const copies = [{ role: "final-repo", repository: repositoryOf("final-repo") }] as const;
  await runProjectCleanup(
    { ...request, policy: { ...request.policy, ...metaRepo }, copies, secondary: [] },
    depsFor(registries, ask, around),
  );
  return Object.values(registries).reduce((sum, { mutations }) => sum + mutations.length, 0);
}

/** Whether a tag can go alone changes what shares a manifest, which lies elsewhere here. */
function tagByTag(around: Surroundings): Pick<MemoryOptions, "capabilities" | "untags"> {
  return memoryOptions({ ...around, untags: true });
}

function isRecord(tag: string): boolean {
  const { is } = nameOf(tag);
  return is !== "stage" && is !== "index" && is !== "signature" && is !== "other";
}

function isOfProject(tag: string): boolean {
  const { is } = nameOf(tag);
  return is === "managed" || is === "service";
}

function isStage(tag: string): boolean {
  const { is } = nameOf(tag);
  return is === "stage" || is === "index";
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
  // Nothing else comes along: no signature without its tag, whose image would have to stay in doubt.
  const named = new Set(copy.tags.values());
  for (const digest of copy.manifests.keys()) {
    if (!named.has(digest)) copy.manifests.delete(digest);
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
