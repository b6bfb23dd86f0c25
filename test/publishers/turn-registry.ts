import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";
import { createMemoryRegistry, failure } from "../properties/memory-registry.ts";
import type { Dice } from "./dice.ts";
import type { Turns } from "./turns.ts";
import type { Put } from "./watched.ts";

/** A registry that several share. */
export interface SharedRegistry {
  /** It, as one of those who share it sees it. */
  seenBy(turns: Pick<Turns, "take">): Registry;
  /** Lets no call fail, and shows every tag at once, or ends that. */
  calm(isCalm: boolean): void;
  readonly puts: readonly Put[];
  /** Blobs that were stored, in their order. */
  readonly stored: readonly string[];
  /** Calls so far. */
  calls(): number;
}

export interface SharedOptions {
  readonly turns: Turns;
  readonly dice: Dice;
  /** How long a tag is in no list after its first push. Milliseconds. */
  readonly staleMs: number;
  /** Share of the calls that fail, before or after they did their work. */
  readonly failing: number;
  readonly isImmutable: boolean;
  readonly untaggedPut: boolean;
}

export function shareRegistry(state: RepositoryState, options: SharedOptions): SharedRegistry {
  const { turns: clock, dice, staleMs, failing, isImmutable, untaggedPut } = options;
  const capabilities = { untaggedPut, tagDeletion: "distribution" } as const;
  const memory = createMemoryRegistry(state, { isImmutable, capabilities });
  const firstPut = new Map<string, number>();
  const puts: Put[] = [];
  const stored: string[] = [];
  let calls = 0;
  let isFine = false;

  return { seenBy, calm, puts, stored, calls: () => calls };

  function calm(isCalm: boolean): void {
    isFine = isCalm;
    for (const tag of state.tags.keys()) firstPut.set(tag, -Infinity);
  }

  function seenBy({ take }: Pick<Turns, "take">): Registry {
    /** A turn for the request, and one for the answer: others may come between. */
    const call = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
      await take();
      calls += 1;
      if (!isFine && dice.chance(failing / 2)) throw failure("unavailable", what);
      const result = await work();
      await take();
      if (!isFine && dice.chance(failing / 2)) throw failure("unavailable", what);
      return result;
    };
    return {
      ...memory,
      // The spread would have read it once.
      capabilities: memory.capabilities,
      async *listTags() {
        yield* await call("list", async () => listed());
      },
      resolve: (reference) => call("resolve", () => memory.resolve(reference)),
      getManifest: (reference) => call("get", () => memory.getManifest(reference)),
      putManifest: (reference, body) =>
        call("put", async () => {
          const made = await memory.putManifest(reference, body);
          const key = "tag" in reference ? reference.tag : reference.digest;
          if (!firstPut.has(key)) firstPut.set(key, clock.now());
          puts.push({ repository: "", reference: key, digest: made.digest, at: calls });
          return made;
        }),
      hasBlob: (_, digest) => call("has", async () => state.blobs.has(digest)),
      getBlob: (repository, digest) => call("blob", () => memory.getBlob(repository, digest)),
      putBlob: (repository, blob, content) =>
        call("put-blob", async () => {
          await memory.putBlob(repository, blob, content);
          stored.push(blob.digest);
        }),
      mountBlob: () => call("mount", () => Promise.resolve(false)),
      async *deleteTags(repository, tags, rest?: CallOptions) {
        const outcomes = await call("untag", () =>
          Array.fromAsync(memory.deleteTags(repository, tags, rest)),
        );
        yield* outcomes;
      },
      async *deleteManifests(repository, digests, rest) {
        const outcomes = await call("delete", () =>
          Array.fromAsync(memory.deleteManifests(repository, digests, rest)),
        );
        yield* outcomes;
      },
    };
  }

  function listed(): TagEntry[] {
    const since = clock.now() - staleMs;
    const tags = [...state.tags.keys()];
    return tags.filter((tag) => (firstPut.get(tag) ?? -Infinity) <= since).map((tag) => ({ tag }));
  }
}
