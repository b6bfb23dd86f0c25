import type { PolicyTest } from "../../config/policy-test.ts";
import type { TestedHistory, TestedManifest, When } from "../../config/policy-test-schema.ts";
import type { CommitGraph, History } from "../../engine/cleanup/history.ts";
import type { Facts, InventoryTag } from "../../engine/cleanup/inventory.ts";
import { digestOf, isDigest } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../oci/media-type.ts";
import { LABEL } from "../../stages/labels.ts";
import { classifyTag } from "../../stages/tag.ts";
import { UsageError } from "../error.ts";

/** What a listing and every manifest would say. */
export interface TestedContents {
  readonly tags: readonly InventoryTag[];
  /** A digest that is missing here is stored nowhere. */
  readonly facts: ReadonlyMap<Digest, Facts>;
}

/** Source: OCI image specification, annotations. */
const REVISION = "org.opencontainers.image.revision";

/** The repository that a test describes, as the engine sees one. */
export function testedContents(
  { tags, manifests }: PolicyTest,
  project: string,
  now: number,
): TestedContents {
  const specs = new Map<Digest, TestedManifest>();
  for (const [word, spec] of manifests) specs.set(digestFor(word), spec);
  const listed = [...tags].map(([tag, { digest: word = tag, pushed, ...spec }]): InventoryTag => {
    const digest = digestFor(word);
    // Several tags on one digest tell of one manifest: what tells most wins.
    if (!saysNothing(spec) || !specs.has(digest)) specs.set(digest, spec);
    const found = specs.get(digest) ?? spec;
    return {
      tag,
      class: classifyTag(tag),
      digest,
      mediaType: mediaTypeOf(found),
      ...(pushed === undefined ? {} : { pushedAt: timeOf(pushed, now) }),
    };
  });
  const ours = new Set(
    listed.flatMap(({ class: { kind }, digest }) =>
      kind === "foreign" || digest === undefined ? [] : [digest],
    ),
  );
  const facts = new Map<Digest, Facts>();
  for (const [digest, spec] of specs) {
    const labels = ours.has(digest) ? { [LABEL.project]: project } : {};
    facts.set(digest, factsOf(spec, labels, { now, specs }));
  }
  return { tags: listed, facts };
}

function factsOf(
  { children, annotations, labels, commit, created, subject, unreadable }: TestedManifest,
  ownLabels: Readonly<Record<string, string>>,
  { now, specs }: { readonly now: number; readonly specs: ReadonlyMap<Digest, TestedManifest> },
): Facts {
  if (unreadable) return { kind: "unreadable" };
  const revision = commit === undefined ? {} : { [REVISION]: commit };
  const about = subject === undefined ? {} : { subject: digestFor(subject) };
  if (children !== undefined) {
    return {
      kind: "index",
      ...about,
      annotations: { ...revision, ...annotations },
      children: children.map((word) => {
        const digest = digestFor(word);
        return { digest, mediaType: mediaTypeOf(specs.get(digest)) };
      }),
    };
  }
  return {
    kind: "image",
    config: digestFor(JSON.stringify(labels)),
    ...about,
    annotations,
    image: {
      labels: { ...ownLabels, ...revision, ...labels },
      ...(created === undefined ? {} : { created: new Date(timeOf(created, now)).toISOString() }),
    },
  };
}

/** The history that a test describes. Throws `UsageError` for a commit that it names and does not describe. */
export function testedHistory(
  { commits, branches, tags }: TestedHistory,
  path: string,
  now: number,
): History {
  const places = new Map(commits.map(({ id }, place) => [id, place]));
  const placeOf = (id: string): number => {
    const place = places.get(id);
    if (place !== undefined) return place;
    throw new UsageError(`${path}: history names commit ${id}, which is not among its commits`);
  };
  const hexOf = (place: number): string => padded(commits[place]?.id ?? "");
  const parents = commits.map(({ parents: named }, place) => {
    const next = commits[place + 1]?.id;
    return (named ?? (next === undefined ? [] : [next])).map(placeOf);
  });
  for (const [place, list] of parents.entries()) {
    if (list.every((parent) => parent > place)) continue;
    throw new UsageError(
      `${path}: history has commit ${commits[place]?.id ?? ""} after one of its parents; the newest comes first`,
    );
  }
  const parentOffsets = [0];
  for (const list of parents) parentOffsets.push((parentOffsets.at(-1) ?? 0) + list.length);
  const times = commits.map(({ at }) => timeOf(at, now) / 1000);
  const byHex = new Map(commits.map((_, place) => [hexOf(place), place]));
  const graph: CommitGraph = {
    size: commits.length,
    indexOf: (hex) => byHex.get(hex) ?? -1,
    hexOf,
    times,
    parentOffsets,
    parents: parents.flat(),
  };
  const reference = (kind: "branch" | "tag", name: string, id: string, at: When | undefined) => {
    const place = placeOf(id);
    const time = at === undefined ? (times[place] ?? 0) : timeOf(at, now) / 1000;
    return { kind, name, commit: hexOf(place), time };
  };
  return {
    graph,
    references: [
      ...Object.entries(branches).map(([name, id]) => reference("branch", name, id, undefined)),
      ...Object.entries(tags).map(([name, { commit, at }]) => reference("tag", name, commit, at)),
    ],
  };
}

/** A commit that is written short is short for one that goes on with zeros. */
function padded(id: string): string {
  return id.padEnd(id.length > 40 ? 64 : 40, "0");
}

/** A digest as it is, or one for a word: the same word, the same digest. */
export function digestFor(word: string): Digest {
  return isDigest(word) ? word : digestOf(new TextEncoder().encode(word));
}

function mediaTypeOf(spec: TestedManifest | undefined): string {
  return spec?.children === undefined ? OCI_MANIFEST : OCI_INDEX;
}

function saysNothing(spec: TestedManifest): boolean {
  const { created, commit, children, subject, labels, annotations, unreadable } = spec;
  const isBare = [created, commit, children, subject].every((part) => part === undefined);
  return isBare && !unreadable && Object.keys({ ...labels, ...annotations }).length === 0;
}

export function timeOf(when: When, now: number): number {
  return "at" in when ? when.at : now - when.agoMs;
}
