import { RegistryError } from "../../registry/error.ts";
import { rejectStage } from "./broken.ts";
import { copyStage } from "./copy-stage.ts";
import type { Place } from "./places.ts";
import type { PublishedStage, StoredImage } from "./published.ts";
import { readStage } from "./read-stage.ts";
import type { Run } from "./run.ts";
import { bringStage, lookForStage } from "./settle-stage.ts";
import type { WantedStage } from "./wanted.ts";

/** The stages of one run: each is looked for and brought once, however many images have it. */
export interface StageBook {
  /** Looks for every stage where it may be already; answers the ids of those that are. */
  look(): Promise<readonly string[]>;
  /** Brings what was not found. */
  bring(): Promise<void>;
  /** Looks at the tags of stages again: what is there counts, and what is gone is brought anew. */
  verify(wanted: readonly WantedStage[]): Promise<void>;
  /** Copies a stage to a repository; one that turns out to be broken is replaced by another first. */
  copyTo(target: Place, wanted: WantedStage): Promise<StoredImage>;
  /** A stage that was found or brought. */
  get(wanted: WantedStage): PublishedStage;
  /** Whether a stage was found or brought. */
  has(wanted: WantedStage): boolean;
  /** Whether every stage was. */
  isComplete(): boolean;
  /** Whether this run has published a stage, or copied one. */
  hasWritten(): boolean;
}

/** How often a stage that is gone or broken is brought anew. */
const MAX_ROUNDS = 4;

/** A run that takes no longer says what it has just seen. Milliseconds. */
const MOMENT_MS = 2_000;

/** Publishers whose clocks differ by less may be writing the tag of a stage as old as this. Milliseconds. */
const FRESH_MS = 15 * 60_000;

export function createStageBook(all: readonly WantedStage[], run: Run): StageBook {
  const { deps, places } = run;
  const { primary } = places;
  const unique = [...new Map(all.map((wanted) => [keyOf(wanted), wanted])).values()];
  const stages = new Map<string, PublishedStage>();
  const copies = new Map<string, Promise<StoredImage>>();
  /** Stages that were brought or copied, by whomever: that takes its time. */
  let moved = 0;
  let hasWritten = false;
  let lookedAt = Infinity;

  return {
    async look() {
      lookedAt = deps.now().getTime();
      const found = await run.each(unique, async (wanted) => {
        const stage = await lookForStage(wanted, run);
        if (stage !== undefined) stages.set(keyOf(wanted), stage);
        return stage;
      });
      return found.flatMap((stage) => (stage === undefined ? [] : [stage.stageId]));
    },
    async bring() {
      const missing = unique.filter((wanted) => !stages.has(keyOf(wanted)));
      const phase = "publishing stages";
      if (missing.length > 0) deps.report({ type: "phase.started", phase, total: missing.length });
      let done = 0;
      await run.each(missing, async (wanted) => {
        await bring(wanted);
        done += 1;
        deps.report({ type: "phase.advanced", phase, done });
      });
    },
    async verify(wanted) {
      const each = [...new Map(wanted.map((one) => [keyOf(one), one])).values()];
      await run.each(each.filter(mayHaveChanged), verify);
    },
    copyTo(target, wanted) {
      const { stageId, digest } = get(wanted);
      const key = `${target.address} ${stageId} ${digest}`;
      const copy = copies.get(key) ?? copyTo(target, wanted);
      copies.set(key, copy);
      return copy;
    },
    get,
    has: (wanted) => stages.has(keyOf(wanted)),
    isComplete: () => stages.size === unique.length,
    hasWritten: () => hasWritten,
  };

  async function copyTo(target: Place, wanted: WantedStage): Promise<StoredImage> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const isNew = !(await target.listing.has(get(wanted).stageId));
      const copied = await copyStage(get(wanted), wanted, target, run);
      if (isNew) moved += 1;
      if (!("broken" in copied)) {
        hasWritten ||= isNew;
        return copied;
      }
      await rejectStage(get(wanted).stageId, copied.broken, run);
      await bring(wanted);
    }
    throw givenUp(wanted, "one after the other is broken");
  }

  async function bring(wanted: WantedStage): Promise<void> {
    const stage = await bringStage(wanted, run);
    stages.set(keyOf(wanted), stage);
    moved += 1;
    hasWritten ||= stage.source === "uploaded" || stage.source === "secondary";
  }

  function get(wanted: WantedStage): PublishedStage {
    const stage = stages.get(keyOf(wanted));
    if (stage === undefined) throw new Error(`stage ${wanted.stageDigest} was never settled`);
    return stage;
  }

  /**
   * A run that wrote nothing, and is over in a moment, has just read what it found, and nobody writes the tag of an old
   * stage. A cache may have anything.
   */
  function mayHaveChanged(wanted: WantedStage): boolean {
    const { source, createdAt } = get(wanted);
    const now = deps.now().getTime();
    const isRecent = now - lookedAt < MOMENT_MS;
    return moved > 0 || !isRecent || source === "cache" || now - createdAt < FRESH_MS;
  }

  async function verify(wanted: WantedStage): Promise<void> {
    const { host, name } = primary.repository;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const stage = get(wanted);
      const { stageId } = stage;
      const tag = { host, name, tag: stageId };
      const there = await primary.registry.resolve(tag, { signal: deps.signal });
      if (there?.digest === stage.digest) return;
      const read = await readStage(primary, stage, deps.signal);
      if (typeof read !== "string") {
        stages.set(keyOf(wanted), { ...stage, ...read.stored });
        return;
      }
      run.warn(`stage ${primary.address}:${stageId} is gone; it is published anew`);
      primary.listing.remove(stageId);
      await bring(wanted);
    }
    throw givenUp(wanted, "it vanishes each time it is published");
  }

  function givenUp({ stageDigest }: WantedStage, why: string): RegistryError {
    return new RegistryError("conflict", `${primary.address}: stage ${stageDigest}: ${why}`);
  }
}

function keyOf({ stageDigest, platform, parentBuiltAt }: WantedStage): string {
  return [stageDigest, platform, parentBuiltAt].join(" ");
}
