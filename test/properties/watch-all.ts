import { Broken } from "./checks.ts";
import type { RepositoryState } from "./contents.ts";
import type { Ask } from "./ask.ts";
import type { Mutation } from "./memory-registry.ts";
import { judge } from "./model.ts";
import { nameOf } from "./model-names.ts";
import { readManifest } from "./model-reading.ts";
import type { Store } from "./model-reading.ts";

/**
 * Watches a registry whatever it does on its own: after each change every tag that the model keeps names what it named,
 * all that it reaches is there, no tag leads to what went, and no manifest without a tag was deleted for no reason.
 *
 * @param origin What was there when the run began, where others have changed it since.
 */
export function watchAll(
  state: RepositoryState,
  before: Store,
  ask: Ask,
  origin: Store = before,
): (made: Mutation) => void {
  const { needed, reached } = judge(before, ask);
  const mayGo = createPermit(origin, ask);
  const tagged = new Set(before.tags.values());
  return ({ op, key, digests }) => {
    if (op !== "delete" && op !== "untag") return;
    for (const tag of needed) {
      const digest = before.tags.get(tag);
      const now = state.tags.get(tag);
      // The run writes a record of its own.
      if (digest === undefined || now === digest || (tag === "cleanup" && now !== undefined)) {
        continue;
      }
      throw new Broken(`${op} ${key} took ${tag}, which is needed`);
    }
    const gone = new Set<string>(digests);
    for (const digest of gone) {
      if (reached.has(digest)) throw new Broken(`${op} ${key} took ${digest}, which is reached`);
    }
    for (const [tag, digest] of state.tags) {
      // A fallback tag goes after what it is about, and some registries take what it lists at once.
      if (nameOf(tag).is === "signature" && !needed.has(tag)) continue;
      const lost = below(before, digest).find((one) => gone.has(one));
      if (lost !== undefined) throw new Broken(`${op} ${key} took ${lost}, below ${tag}`);
    }
    const isUntagged = op === "delete" && before.manifests.has(key) && !tagged.has(key);
    if (isUntagged && !mayGo(key, state)) throw new Broken(`${op} ${key} for no reason`);
  };
}

/** A manifest and everything below it. */
function below(store: Store, digest: string): string[] {
  const found = new Set([digest]);
  for (const one of found)
    for (const child of readManifest(store, one)?.children ?? []) found.add(child);
  return [...found];
}

/** Whether a manifest that no tag names may be deleted at a point: it was asked for, or what it is about is gone. */
function createPermit(
  before: Store,
  { extras }: Ask,
): (digest: string, state: RepositoryState) => boolean {
  const subjects = (digest: string): string[] => {
    const own = readManifest(before, digest)?.subject;
    const told = [...before.tags].flatMap(([tag, on]) => {
      const name = nameOf(tag);
      const isChild = readManifest(before, on)?.children.includes(digest) === true;
      return name.is === "signature" && isChild ? [name.subject] : [];
    });
    return own === undefined ? told : [own, ...told];
  };
  return (digest, { manifests }) => {
    if (extras?.deleteUntagged === true && extras.seen.untagged) return true;
    const there = new Set<string>(manifests.keys());
    return subjects(digest).some(
      (subject) =>
        !there.has(subject) && (before.manifests.has(subject) || extras?.deleteOrphans === true),
    );
  };
}
