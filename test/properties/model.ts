import { managedImageTag, murmur } from "../scenarios/formats.ts";
import { HOUR_MS } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { claimedTags, keptClaims } from "./model-claims.ts";
import { servingRecords } from "./model-history.ts";
import type { ModelRecord } from "./model-history.ts";
import { nameOf } from "./model-names.ts";
import { readManifest } from "./model-reading.ts";
import type { Store } from "./model-reading.ts";
import { blindlyKept, extraRoots } from "./model-roots.ts";
import type { ExtraRoots } from "./model-roots.ts";

/** What a cleanup of a repository may do and what not, found the slow way. */
export interface Verdict {
  /** Tags that something needs: they stay whatever happens. */
  readonly needed: ReadonlySet<string>;
  /** Digests that a needed tag leads to, its own included. */
  readonly reached: ReadonlySet<string>;
  /** All tags that are left where a tag can be removed alone. */
  readonly staying: ReadonlySet<string>;
  /** All tags that are left where a tag goes only together with its manifest. */
  readonly stayingTogether: ReadonlySet<string>;
}

/** Judges a repository as it lies there. Shares nothing with the product. */
export function judge(store: Store, ask: Ask): Verdict {
  const verdict = judgeWith(store, ask, new Set());
  // In a repository of every kind this is left to the product: it keeps more.
  const blind = ask.extras === undefined ? blindlyKept(store, verdict) : new Set<string>();
  return blind.size === 0 ? verdict : judgeWith(store, ask, blind);
}

/** @param blind Manifests without a tag that stay because something cannot be read. */
function judgeWith(store: Store, ask: Ask, blind: ReadonlySet<string>): Verdict {
  const stages = stagesIn(store, ask.project);
  const rejected = new Set(
    [...store.tags.keys()].flatMap((tag) => {
      const name = nameOf(tag);
      return name.is === "rejected" ? [name.stage] : [];
    }),
  );
  const known = knownImages(store);
  const records = recordsIn(store);
  const aliases = aliasesIn(store, stages, ask.project);
  const serving = servingRecords(
    records.filter(
      ({ image, stage }) => known.has(image) && stages.has(stage) && !rejected.has(stage),
    ),
    ask,
  );
  const recent = new Set(
    [...stages].filter((tag) => !rejected.has(tag) && isRecent(store, tag, ask)),
  );

  const claimed = claimedTags(store, ask);
  const extra = extraRoots(store, ask, blind, (tag) => [
    ...[...stages].filter((stage) => store.tags.get(stage) === store.tags.get(tag)),
    ...aliases.filter((alias) => alias.tag === tag).map(({ stage }) => stage),
  ]);
  const roots = new Set<string>([...recent, ...keptClaims(store, ask), ...extra.tags]);
  for (const { tag, stage } of records) if (serving.has(tag)) roots.add(stage);
  for (const tag of store.tags.keys()) {
    if (!claimed.has(tag) && isForeign(store, tag, stages, aliases)) roots.add(tag);
    if (stages.has(tag) && digestOf(store, tag) === undefined) roots.add(tag);
    if (!ask.keepList.has(tag)) continue;
    roots.add(tag);
    const alias = aliases.find((candidate) => candidate.tag === tag || candidate.record === tag);
    if (alias !== undefined) roots.add(alias.stage);
    const name = nameOf(tag);
    if (name.is === "record") roots.add(name.stage);
    const source = importOf(store, tag)?.source;
    if (source !== undefined) roots.add(source);
    for (const image of [...stages, ...claimed]) {
      if (name.is === "signature" && digestOf(store, image) === name.subject) roots.add(image);
    }
  }
  const takesReferrers = ask.extras === undefined || ask.extras.seen.takesReferrers;
  const ground = { stages, aliases, claimed, takesReferrers };
  const { needed, reached } = closure(store, roots, extra, ground);
  const judged = { needed, reached, stages, records, aliases, serving, recent, known };
  const wanted = stayingTags(store, ask, judged);
  const staying = dropSignatures(store, wanted, judged);
  const bound = addBound(store, wanted, judged);
  const stayingTogether = addBound(store, dropSignatures(store, bound, judged), judged);
  return { needed, reached, staying, stayingTogether };
}

/** The digest of a tag that resolves. */
export function digestOf(store: Store, tag: string): string | undefined {
  const digest = store.tags.get(tag);
  return digest !== undefined && store.manifests.has(digest) ? digest : undefined;
}

interface Alias {
  readonly record: string;
  readonly tag: string;
  readonly stage: string;
  /** The tag is there and is not what the record says. */
  readonly isMoved: boolean;
}

/** Tags that are stages, or indexes that have at least one child and only children of the project. */
function stagesIn(store: Store, project: string): Set<string> {
  return new Set(
    [...store.tags.keys()].filter((tag) => {
      const { is } = nameOf(tag);
      const digest = digestOf(store, tag);
      if (is === "stage") return true;
      return is === "index" && digest !== undefined && isOurIndex(store, digest, project);
    }),
  );
}

function isOurIndex(store: Store, digest: string, project: string): boolean {
  const manifest = readManifest(store, digest);
  if (manifest?.isIndex !== true) return false;
  const present = manifest.children.filter((child) => store.manifests.has(child));
  return present.length > 0 && present.every((child) => isOurs(store, child, project));
}

function isOurs(store: Store, digest: string, project: string): boolean {
  for (const [tag, on] of store.tags) if (on === digest && nameOf(tag).is === "stage") return true;
  if (readManifest(store, digest)?.labels?.get("werf") === project) return true;
  return isOurIndex(store, digest, project);
}

function knownImages(store: Store): Set<string> {
  const tags = [...store.tags.keys()];
  const names = tags.flatMap((tag) => {
    const name = nameOf(tag);
    return name.is === "managed" ? [name.image] : [];
  });
  // A name as its record tells it, with what the record spells out put back.
  const spelled = names.map((name) =>
    name === "__nameless__" ? "" : name.replaceAll("__slash__", "/"),
  );
  return new Set(
    spelled.filter((name) => store.tags.has(managedImageTag(name))).map((name) => murmur(name)),
  );
}

function recordsIn(store: Store): ModelRecord[] {
  return [...store.tags.keys()].flatMap((tag) => {
    const name = nameOf(tag);
    return name.is === "record" ? [{ ...name, tag }] : [];
  });
}

function labelsOf(store: Store, tag: string): ReadonlyMap<string, string> | undefined {
  const digest = digestOf(store, tag);
  return digest === undefined ? undefined : readManifest(store, digest)?.labels;
}

function aliasesIn(store: Store, stages: ReadonlySet<string>, project: string): Alias[] {
  return [...store.tags.keys()].flatMap((record) => {
    if (nameOf(record).is !== "alias-record") return [];
    const labels = labelsOf(store, record);
    const stage = labels?.get("stage-id");
    const tag = labels?.get("tag");
    if (stage === undefined || tag === undefined) return [];
    const digest = digestOf(store, tag);
    const isOther = stages.has(stage)
      ? digestOf(store, stage) !== digest
      : digest !== undefined && !isOurs(store, digest, project);
    return { record, tag, stage, isMoved: digest !== undefined && isOther };
  });
}

/** What an import record tells; absent when it is none, or cannot be read. */
function importOf(
  store: Store,
  tag: string,
): { readonly source: string; readonly checksum: string } | undefined {
  if (nameOf(tag).is !== "import-record") return undefined;
  const labels = labelsOf(store, tag);
  const source = labels?.get("source-stage-id");
  const checksum = labels?.get("checksum");
  return source === undefined || checksum === undefined ? undefined : { source, checksum };
}

/** The youngest sign counts; an index is as young as its youngest child. */
function isRecent(store: Store, tag: string, { now, hours, extras }: Ask): boolean {
  if (hours === 0) return false;
  const name = nameOf(tag);
  const digest = digestOf(store, tag);
  const isPushed = extras?.seen.times === true && digest !== undefined;
  const pushed = isPushed ? (extras.pushed.get(digest) ?? 0) : 0;
  if (pushed > now - hours * HOUR_MS) return true;
  if (name.is === "stage") return name.time > now - hours * HOUR_MS;
  return digest !== undefined && youngest(store, digest) > now - hours * HOUR_MS;
}

function youngest(store: Store, index: string): number {
  const times = (readManifest(store, index)?.children ?? []).flatMap((child): number[] => {
    const tagged = [...store.tags].flatMap(([tag, on]) => {
      const name = nameOf(tag);
      return on === child && name.is === "stage" ? [name.time] : [];
    });
    if (tagged.length > 0) return tagged;
    const manifest = readManifest(store, child);
    if (manifest?.isIndex === true) return [youngest(store, child)];
    return [manifest?.created ?? 0];
  });
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}

/** Not the project's to remove: nobody's records speak of it, or it is not what they speak of. */
function isForeign(
  store: Store,
  tag: string,
  stages: ReadonlySet<string>,
  aliases: readonly Alias[],
): boolean {
  const { is } = nameOf(tag);
  if (is === "index") return !stages.has(tag);
  if (is !== "other") return false;
  const alias = aliases.find((candidate) => candidate.tag === tag);
  return alias === undefined || alias.isMoved || digestOf(store, tag) === undefined;
}

/** Everything that the roots lead to, by going round until nothing new is found. */
function closure(
  store: Store,
  roots: ReadonlySet<string>,
  extra: ExtraRoots,
  { stages, aliases, claimed, takesReferrers }: Ground,
): { readonly needed: Set<string>; readonly reached: Set<string> } {
  const needed = new Set([...roots].filter((tag) => store.tags.has(tag)));
  const reached = new Set<string>([...extra.digests, ...extra.strange]);
  /** Reached otherwise than as a signature of something: what it is about is needed too. */
  const own = new Set<string>(extra.digests);
  /** Reached as a stage or as a part of one: its labels count. */
  const built = new Set<string>(extra.built);
  const about = Map.groupBy(untaggedIn(store), (digest) => readManifest(store, digest)?.subject);
  const need = (tag: string): void => {
    if (store.tags.has(tag)) needed.add(tag);
  };
  const pointAt = (digest: string): void => {
    reached.add(digest);
    for (const image of [...stages, ...claimed]) {
      if (digestOf(store, image) === digest) need(image);
    }
  };
  const sizes = (): number => needed.size + reached.size + own.size + built.size;
  for (let before = -1; before !== sizes();) {
    before = sizes();
    for (const tag of needed) {
      const digest = digestOf(store, tag);
      if (digest === undefined) continue;
      reached.add(digest);
      if (nameOf(tag).is !== "signature") own.add(digest);
    }
    for (const tag of [...needed].filter((tag) => stages.has(tag))) {
      const digest = digestOf(store, tag);
      if (digest !== undefined) built.add(digest);
      for (const alias of aliases.filter(({ stage }) => stage === tag)) {
        need(alias.record);
        if (digest !== undefined && digestOf(store, alias.tag) === digest) need(alias.tag);
      }
    }
    for (const digest of reached) {
      if (extra.strange.has(digest) && !own.has(digest)) continue;
      for (const tag of store.tags.keys()) {
        const name = nameOf(tag);
        if (name.is === "signature" && name.subject === digest) need(tag);
      }
      for (const referrer of about.get(digest) ?? []) reached.add(referrer);
      const manifest = readManifest(store, digest);
      for (const child of manifest?.children ?? []) {
        pointAt(child);
        const isRead = takesReferrers || built.has(digest) || readManifest(store, child)?.isIndex;
        if (own.has(digest) && isRead === true) own.add(child);
      }
      if (manifest?.subject !== undefined && own.has(digest)) {
        pointAt(manifest.subject);
        own.add(manifest.subject);
      }
    }
    for (const digest of built) {
      const manifest = readManifest(store, digest);
      for (const child of manifest?.children ?? []) built.add(child);
      for (const tag of relatives(store, manifest?.labels ?? new Map(), stages)) need(tag);
    }
  }
  return { needed, reached };
}

/** Manifests that no tag names. */
function untaggedIn(store: Store): string[] {
  const tagged = new Set(store.tags.values());
  return [...store.manifests.keys()].filter((digest) => !tagged.has(digest));
}

/** Tags of what a stage was made of, and of the records that tell it. */
function relatives(
  store: Store,
  labels: ReadonlyMap<string, string>,
  stages: ReadonlySet<string>,
): string[] {
  const parent = labels.get("werf.io/parent-stage-id");
  const base = labels.get("werf.io/base-image-id");
  const found = parent === undefined ? [] : [parent];
  for (const stage of stages) {
    const digest = digestOf(store, stage);
    const config = digest === undefined ? undefined : readManifest(store, digest)?.config;
    if (parent === undefined && base !== undefined && config === base) found.push(stage);
  }
  for (const [label, value] of labels) {
    if (/^werf-(?:import-source|dependency)-stage-id-/.test(label)) found.push(value);
    if (!label.startsWith("werf-import-checksum-")) continue;
    for (const record of store.tags.keys()) {
      const told = importOf(store, record);
      if (told?.checksum === value) found.push(record, told.source);
    }
  }
  return found;
}

/** What the closure looks at besides the store. */
interface Ground {
  readonly stages: ReadonlySet<string>;
  readonly aliases: readonly Alias[];
  readonly claimed: ReadonlySet<string>;
  /** Whether the registry deletes what is about something together with it. */
  readonly takesReferrers: boolean;
}

interface Judged {
  readonly needed: ReadonlySet<string>;
  readonly reached: ReadonlySet<string>;
  readonly stages: ReadonlySet<string>;
  readonly records: readonly ModelRecord[];
  readonly aliases: readonly Alias[];
  readonly serving: ReadonlySet<string>;
  readonly recent: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
}

function stayingTags(store: Store, ask: Ask, judged: Judged): Set<string> {
  const { needed, stages, aliases } = judged;
  const tags = [...store.tags.keys()];
  const images = new Set(
    tags.filter((tag) => {
      const { is } = nameOf(tag);
      if (needed.has(tag) || digestOf(store, tag) === undefined || is === "service") return true;
      if (is === "managed") return true;
      return (is === "index" || is === "other") && !stages.has(tag)
        ? !aliases.some((alias) => alias.tag === tag)
        : false;
    }),
  );
  const staying = new Set([...images, ...stayingRecords(store, ask, judged)]);
  for (const tag of tags) {
    const name = nameOf(tag);
    if (name.is === "rejected" && needed.has(name.stage)) staying.add(tag);
    if (name.is === "alias-record") {
      const alias = aliases.find(({ record }) => record === tag);
      if (alias === undefined || needed.has(alias.stage)) staying.add(tag);
      else if (images.has(alias.tag) && !alias.isMoved) staying.add(tag);
    }
    if (name.is === "import-record") {
      const source = importOf(store, tag)?.source;
      if (source === undefined || needed.has(source)) staying.add(tag);
    }
  }
  for (const tag of tags) if (nameOf(tag).is === "signature") staying.add(tag);
  return staying;
}

/** A signature goes with the manifest it is about, when that goes with all its tags. */
function dropSignatures(
  store: Store,
  wanted: ReadonlySet<string>,
  { needed, reached }: Judged,
): Set<string> {
  const staying = new Set(wanted);
  const tags = [...store.tags.keys()];
  for (let before = -1; before !== staying.size;) {
    before = staying.size;
    for (const tag of tags) {
      const name = nameOf(tag);
      if (name.is !== "signature" || needed.has(tag) || digestOf(store, tag) === undefined)
        continue;
      const on = tags.filter((other) => digestOf(store, other) === name.subject);
      const isGoing = on.length > 0 && on.every((other) => !staying.has(other));
      if (isGoing && !reached.has(name.subject)) staying.delete(tag);
    }
  }
  return staying;
}

/** What stays because its manifest has to, and what tells of that. */
function addBound(
  store: Store,
  wanted: ReadonlySet<string>,
  { reached, stages, aliases }: Judged,
): Set<string> {
  const staying = new Set(wanted);
  const tags = [...store.tags.keys()];
  for (let before = -1; before !== staying.size;) {
    before = staying.size;
    for (const tag of tags) {
      const digest = digestOf(store, tag);
      const name = nameOf(tag);
      const bound = tags.some(
        (other) => staying.has(other) && digest !== undefined && digestOf(store, other) === digest,
      );
      const tells =
        (name.is === "rejected" && stages.has(name.stage) && staying.has(name.stage)) ||
        aliases.some((alias) => alias.record === tag && staying.has(alias.tag) && !alias.isMoved);
      if (bound || tells || (digest !== undefined && reached.has(digest))) staying.add(tag);
    }
  }
  return staying;
}

/** Records that tie stages to commits. */
function stayingRecords(
  store: Store,
  { git }: Ask,
  { needed, records, serving, recent, known }: Judged,
): string[] {
  const place = ({ commit }: ModelRecord): number =>
    git?.commits.findIndex(({ id }) => id === commit) ?? -1;
  const isBetter = (a: ModelRecord, b: ModelRecord): boolean => {
    if (known.has(a.image) !== known.has(b.image)) return known.has(a.image);
    const [timeA, timeB] = [a, b].map((record) => git?.commits[place(record)]?.time ?? -Infinity);
    if (timeA !== timeB) return Number(timeA) > Number(timeB);
    return place(a) === place(b) ? a.tag < b.tag : place(a) < place(b);
  };
  return records
    .filter((record) => {
      const { tag, stage } = record;
      if (needed.has(tag) || serving.has(tag)) return true;
      if (!needed.has(stage)) return false;
      if (recent.has(stage)) return true;
      const others = records.filter((other) => other.stage === stage && other !== record);
      return !others.some((other) => serving.has(other.tag) || isBetter(other, record));
    })
    .map(({ tag }) => tag);
}
