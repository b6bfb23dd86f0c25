import { nameOf } from "../../src/commands/cleanup/result.ts";
import type { Deleted } from "../../src/commands/cleanup/result.ts";
import {
  expectSame,
  expectTold,
  expectUnmoved,
  frozen,
  isOwn,
  watch,
  withoutOwn,
} from "./checks.ts";
import { createMemoryRegistry } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { memoryOptions, property, smallWorld, surroundings, usualWorld } from "./property.ts";
import { cleanUp } from "./run.ts";
import { buildWorld } from "./world.ts";
import fc from "fast-check";

/** What a run that nothing disturbs does. */
export const outcomes = [
  property(
    "what is left is what the model leaves, and nothing needed goes at any point",
    500,
    fc.tuple(usualWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const before = frozen(contents);
      const verdict = judge(before, ask);
      const written = new Set<string>();
      const changed = watch(contents, verdict);
      const registry = createMemoryRegistry(contents, {
        ...memoryOptions(around),
        changed(mutation) {
          changed(mutation);
          expectWritten(mutation, written);
        },
      });
      const result = await cleanUp(registry, ask, {
        parallel: around.parallel,
        journal: (entries) => {
          for (const { digest, tags } of entries)
            for (const key of [digest, ...tags]) written.add(key);
        },
      });
      expectTold(before, frozen(contents), result);
      const left = around.untags ? verdict.staying : verdict.stayingTogether;
      expectSame(withoutOwn(contents.tags.keys()), withoutOwn(left), "the tags that are left");
    },
  ),
  property(
    "a dry run changes nothing and decides what a real run does",
    200,
    fc.tuple(usualWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const registry = createMemoryRegistry(contents, memoryOptions(around));
      const before = frozen(contents);
      const planned = await cleanUp(registry, ask, { dryRun: true, parallel: around.parallel });
      expectSame([...contents.tags.keys()], before.tags.keys(), "a dry run leaves every tag");
      expectSame(
        registry.mutations.map(({ op }) => op),
        [],
        "a dry run sends no change",
      );
      const again = createMemoryRegistry(contents, memoryOptions(around));
      const done = await cleanUp(again, ask, { parallel: around.parallel });
      expectSame(done.deleted.map(line), planned.deleted.map(line), "the decisions");
      expectSame(
        done.kept.map(({ tag }) => tag),
        planned.kept.map(({ tag }) => tag),
        "what is kept",
      );
    },
  ),
  property(
    "a second run deletes nothing",
    250,
    fc.tuple(usualWorld, surroundings),
    async ([spec, around]) => {
      const { contents, ask } = buildWorld(spec);
      const options = memoryOptions(around);
      await cleanUp(createMemoryRegistry(contents, options), ask);
      const before = frozen(contents);
      const second = await cleanUp(createMemoryRegistry(contents, options), ask);
      expectSame(second.deleted.map(line), [], "a second run");
      expectUnmoved(before, frozen(contents));
    },
  ),
  property(
    "keeping more never deletes more",
    250,
    fc.tuple(
      usualWorld,
      surroundings,
      fc.constantFrom("policy", "keep-list", "hours"),
      fc.nat(20),
      smallWorld,
    ),
    async ([spec, around, what, at, other]) => {
      const { contents, ask } = buildWorld(spec);
      const options = memoryOptions(around);
      const fewer = await cleanUp(createMemoryRegistry(contents, options), ask, { dryRun: true });
      const [images = { last: 1, inHours: undefined, operator: "And" }] = other.policies.map(
        ({ images }) => images,
      );
      const extra = {
        kind: at % 3 === 0 ? "tag" : "branch",
        names: "^extra-.*$",
        references: { last: undefined, inHours: undefined, operator: "And" },
        images,
      };
      const tags = [...contents.tags.keys()];
      const more =
        what === "policy"
          ? { ...ask, git: ask.git && { ...ask.git, policies: [...ask.git.policies, extra] } }
          : what === "hours"
            ? { ...ask, hours: ask.hours + at * 10 }
            : { ...ask, keepList: new Set([...ask.keepList, tags[at % tags.length] ?? "none"]) };
      const kept = await cleanUp(createMemoryRegistry(contents, options), more, { dryRun: true });
      const images1 = new Set(fewer.deleted.filter(isImage).map(nameOf));
      const surplus = kept.deleted.filter((item) => isImage(item) && !images1.has(nameOf(item)));
      expectSame(surplus.map(nameOf), [], `deleted although ${what} keeps more`);
    },
  ),
];

const IMAGES = new Set(["stage", "index", "custom-tag", "foreign"]);

function isImage(item: { readonly class: string }): boolean {
  return IMAGES.has(item.class);
}

function expectWritten(
  {
    op,
    key,
    tags,
  }: { readonly op: string; readonly key: string; readonly tags: readonly string[] },
  written: ReadonlySet<string>,
): void {
  if (op !== "delete" && op !== "untag") return;
  if (tags.length > 0 && tags.every(isOwn)) return;
  if (!written.has(key)) throw new Error(`${op} ${key} is not in the journal`);
}

function line(item: Deleted): string {
  return `${nameOf(item)} ${item.digest} ${item.how}`;
}
