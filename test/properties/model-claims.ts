import { HOUR_MS } from "./ask.ts";
import type { Ask } from "./ask.ts";
import type { Extras, RuleName } from "./extras.ts";
import { servingRecords } from "./model-history.ts";
import type { ModelRecord } from "./model-history.ts";
import { nameOf } from "./model-names.ts";
import { readManifest } from "./model-reading.ts";
import type { Store } from "./model-reading.ts";

interface Claimed {
  readonly tag: string;
  readonly digest: string | undefined;
  readonly rule: RuleName;
}

/** Tags that rules have taken for the project's. */
export function claimedTags(store: Store, { extras }: Ask): ReadonlySet<string> {
  return new Set(extras === undefined ? [] : claimedIn(store, extras).map(({ tag }) => tag));
}

/** Claimed tags that a rule, the history or their age keeps, and those about which nobody can tell. */
export function keptClaims(store: Store, ask: Ask): ReadonlySet<string> {
  const { extras } = ask;
  if (extras === undefined) return new Set();
  const claimed = claimedIn(store, extras);
  const kept = new Set(claimed.filter((one) => isKept(one, claimed)).map(({ tag }) => tag));
  const records = claimed.flatMap((one): ModelRecord[] => {
    const commit = fullCommit(commitOf(one), ask);
    if (commit === undefined) return [];
    return [{ tag: one.tag, image: imageOf(one), commit, stage: one.tag }];
  });
  for (const tag of servingRecords(records, ask)) kept.add(tag);
  return kept;

  function isKept(one: Claimed, all: readonly Claimed[]): boolean {
    const time = timeOf(one);
    if (one.digest === undefined) return true;
    if (ask.hours > 0 && time !== undefined && time > ask.now - ask.hours * HOUR_MS) return true;
    switch (one.rule) {
      case "builds":
        return ask.git === undefined;
      case "nightly":
        return isAmongNewest(one, all, 2);
      case "previews":
        return time === undefined || time >= ask.now - 60 * HOUR_MS;
      case "revisions": {
        if (isUnreadable(store, one.digest)) return true;
        if (commitOf(one) !== undefined) return ask.git === undefined;
        const without = all.filter((other) => commitOf(other) === undefined);
        return isAmongNewest(one, without, 1);
      }
    }
  }

  function isAmongNewest(one: Claimed, all: readonly Claimed[], count: number): boolean {
    const time = timeOf(one);
    if (time === undefined) return true;
    const younger = all.filter((other) => {
      const at = other.rule === one.rule ? timeOf(other) : undefined;
      return at !== undefined && at > time;
    });
    return new Set(younger.map(({ digest }) => digest)).size < count;
  }

  function timeOf({ digest }: Claimed): number | undefined {
    if (digest === undefined || extras === undefined) return undefined;
    if (extras.seen.times) return extras.pushed.get(digest) ?? 0;
    const times = configsBelow(store, digest).map(({ created }) => created);
    if (isUnreadable(store, digest) || times.length === 0) return undefined;
    return Math.max(...times);
  }

  /** As the tag or the image says it. */
  function commitOf({ tag, digest, rule }: Claimed): string | undefined {
    if (rule === "builds") return /^build-[a-z]+-([0-9a-f]{7,40})$/.exec(tag)?.[1];
    if (rule !== "revisions" || digest === undefined) return undefined;
    return configsBelow(store, digest).flatMap(
      ({ labels }) => labels.get("org.opencontainers.image.revision") ?? [],
    )[0];
  }
}

function imageOf({ tag, rule }: Claimed): string {
  if (rule === "builds") return /^build-([a-z]+)-/.exec(tag)?.[1] ?? "";
  return rule === "revisions" ? "rev" : rule;
}

function fullCommit(commit: string | undefined, { git }: Ask): string | undefined {
  if (commit === undefined) return undefined;
  return git?.commits.find(({ id }) => id.startsWith(commit))?.id;
}

function claimedIn(store: Store, { rules }: Extras): Claimed[] {
  return [...store.tags].flatMap(([tag, on]): Claimed[] => {
    if (nameOf(tag).is !== "other") return [];
    const rule = rules.find((name) => PATTERNS[name].test(tag));
    const digest = store.manifests.has(on) ? on : undefined;
    return rule === undefined ? [] : [{ tag, digest, rule }];
  });
}

const PATTERNS: Readonly<Record<RuleName, RegExp>> = {
  builds: /^build-[a-z]+-[0-9a-f]{7,40}$/,
  nightly: /^nightly-.*$/,
  previews: /^pr-.*$/,
  revisions: /^rev-.*$/,
};

interface Config {
  readonly labels: ReadonlyMap<string, string>;
  readonly created: number;
}

function configsBelow(store: Store, digest: string): Config[] {
  const manifest = readManifest(store, digest);
  if (manifest === undefined) return [];
  if (manifest.isIndex) return manifest.children.flatMap((child) => configsBelow(store, child));
  const { labels, created } = manifest;
  return labels === undefined ? [] : [{ labels, created }];
}

function isUnreadable(store: Store, digest: string): boolean {
  const manifest = readManifest(store, digest);
  if (manifest === undefined) return false;
  if (!manifest.isIndex) return manifest.labels === undefined;
  return manifest.children.some((child) => isUnreadable(store, child));
}
