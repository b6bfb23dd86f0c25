import { murmurHash } from "../../src/stages/hash.ts";
import { customTagRecordTag, managedImageTag } from "../../src/stages/tag.ts";
import type { Contents } from "./contents.ts";
import type { PublisherRun, ReportedImage } from "./publisher-run.ts";
import { readStage, stageDigests, stagesOf } from "./reader.ts";
import type { CommitName } from "./round.ts";
import type { Put, Seen } from "./watched.ts";

/** What a round left behind. */
export interface Evidence {
  readonly runs: readonly PublisherRun[];
  readonly puts: readonly Put[];
  readonly contents: Contents;
  readonly commitOf: (commit: CommitName) => string;
  /** Whether nobody got a lock that another one had, and every list was as it was. */
  readonly isExclusive: boolean;
  /** Whether a publisher was killed: it could not tidy up. */
  readonly kills: boolean;
  /** Whether each image has the tag `latest-NAME` too. */
  readonly aliases: boolean;
}

const CONTENT_TAG = /^[0-9a-f]{56}(?:-[0-9]{13})?$/;

/** Everything that has to hold when all publishers are done. Answers what does not. */
export function checkPublished(evidence: Evidence): string[] {
  return [
    ...checkEnds(evidence),
    ...checkContent(evidence),
    ...checkRecords(evidence),
    ...checkAliases(evidence),
  ];
}

/** What has to hold of stages and indexes, however the publishers ended. */
export function checkContent(evidence: Omit<Evidence, "commitOf" | "aliases">): string[] {
  const reported = evidence.runs.flatMap((run, at) =>
    (run.reported ?? []).flatMap((image) =>
      checkReported(image, evidence).map((problem) => `publisher ${at}, ${image.name}: ${problem}`),
    ),
  );
  return [
    ...checkOverwritten(evidence),
    ...reported,
    ...checkWhole(evidence),
    ...(evidence.isExclusive ? checkAlone(evidence) : []),
    ...(evidence.kills ? [] : checkLeases(evidence)),
  ];
}

function checkEnds({ runs, kills }: Evidence): string[] {
  return runs.flatMap(({ exit, output, reported, publisher }, at) => {
    if (exit === undefined) return kills ? [] : [`publisher ${at} ended without an answer`];
    if (exit !== 0) return [`publisher ${at} ended with ${exit}: ${output.trim()}`];
    const names = (reported ?? []).map(({ name }) => name).sort();
    const wanted = publisher.images.map(({ name }) => name).sort();
    return names.join() === wanted.join() ? [] : [`publisher ${at} reported ${names.join()}`];
  });
}

/** No tag that stands for content was given other content. */
function checkOverwritten({ puts }: Pick<Evidence, "puts">): string[] {
  const first = new Map<string, string>();
  return puts.flatMap(({ reference, digest }) => {
    if (!CONTENT_TAG.test(reference)) return [];
    const before = first.get(reference);
    first.set(reference, digest);
    if (before === undefined || before === digest) return [];
    return [`${reference} was ${before} and was overwritten with ${digest}`];
  });
}

/** A reported image is there, with the reported digest, and can be pulled. */
function checkReported(image: ReportedImage, { contents }: Pick<Evidence, "contents">): string[] {
  const problems = [image, ...image.stages].flatMap(({ tag, digest }) => {
    const stored = contents.tags.get(tag);
    if (stored === undefined) return [`${tag} is not there`];
    const isSame = stored.digest === digest;
    return [
      ...(isSame ? [] : [`${tag} is ${stored.digest}, and ${digest} was reported`]),
      ...[...stored.blobs, ...stored.children]
        .filter((each) => contents.missing.has(each))
        .map((each) => `${tag} lacks ${each}`),
    ];
  });
  const { children = [] } = contents.tags.get(image.tag) ?? {};
  const told = image.stages.map(({ digest }) => digest).sort();
  const isIndex = !image.tag.includes("-");
  if (isIndex && [...children].sort().join() !== told.join()) {
    problems.push(
      `the index ${image.tag} names ${children.join()}, and ${told.join()} was reported`,
    );
  }
  return problems;
}

/** Whoever published something left the records that a cleanup goes by. */
function checkRecords({ runs, contents, commitOf }: Evidence): string[] {
  const wanted = runs.flatMap(({ exit, publisher, reported = [] }) =>
    exit === 0
      ? reported.flatMap(({ name, tag }) => [
          managedImageTag(name),
          `meta-${murmurHash(name)}_${commitOf(publisher.commit)}_${tag}`,
        ])
      : [],
  );
  const lacking = [...new Set(wanted)].filter((tag) => !contents.tags.has(tag));
  return lacking.map((tag) => `the record ${tag} is not there`);
}

/** A custom tag is one of the images that were reported under its name, and its record says which. */
function checkAliases({ runs, contents, aliases }: Evidence): string[] {
  if (!aliases) return [];
  const reported = runs.filter(({ exit }) => exit === 0).flatMap((run) => run.reported ?? []);
  const names = [...new Set(reported.map(({ name }) => name))];
  return names.flatMap((name) => {
    const alias = `latest-${name}`;
    const stored = contents.tags.get(alias);
    const image = reported.find((each) => each.name === name && each.digest === stored?.digest);
    if (image === undefined) return [`${alias} is ${stored?.digest ?? "not there"}`];
    const record = contents.tags.get(customTagRecordTag(alias));
    const told = contents.tags.get(record?.labels["stage-id"] ?? "");
    const isTrue = told?.digest === image.digest && record?.labels["tag"] === alias;
    return isTrue ? [] : [`the record of ${alias} tells of ${record?.labels["stage-id"]}`];
  });
}

/** Every stage that somebody may select can be pulled. */
function checkWhole({ contents }: Pick<Evidence, "contents">): string[] {
  return [...contents.tags].flatMap(([tag, { blobs, children }]) =>
    [...blobs, ...children]
      .filter((digest) => contents.missing.has(digest))
      .map((digest) => `${tag} lacks ${digest}`),
  );
}

/** Where a lock keeps others out and lists are true, a digest is published once. */
function checkAlone({ contents, runs }: Pick<Evidence, "contents" | "runs">): string[] {
  const several = stageDigests(contents).flatMap((digest) => {
    const tags = stagesOf(contents, digest);
    return tags.length === 1 ? [] : [`there are ${tags.length} stages: ${tags.join(", ")}`];
  });
  return [...several, ...runs.flatMap((run) => checkSelection(run, contents))];
}

/** What was reported is what every reader selects. */
export function checkSelection({ reported = [] }: PublisherRun, contents: Contents): string[] {
  return reported.flatMap(({ name, stages }) =>
    stages.flatMap(({ tag }) => {
      const chosen = readStage(contents, tag.slice(0, 56));
      return chosen === tag ? [] : [`${name} is ${tag}, and readers select ${chosen}`];
    }),
  );
}

function checkLeases({ contents }: Pick<Evidence, "contents">): string[] {
  const left = [...contents.tags.keys()].filter((tag) => tag.startsWith("tidemark-lease-"));
  return left.map((tag) => `the lease ${tag} is still there`);
}

/** A publisher of what is there stores no layer, no configuration and no stage. */
export function checkNothingUploaded(
  before: Contents,
  { puts, requests }: { readonly puts: readonly Put[]; readonly requests: readonly Seen[] },
): string[] {
  const content = [...before.tags].filter(([tag]) => CONTENT_TAG.test(tag));
  const blobs = new Set(content.flatMap(([, stored]) => stored.blobs));
  return [
    ...requests.flatMap(({ stored }) =>
      stored !== undefined && blobs.has(stored) ? [`${stored} was uploaded again`] : [],
    ),
    ...puts.flatMap(({ reference }) =>
      /^[0-9a-f]{56}-[0-9]{13}$/.test(reference) ? [`${reference} was pushed`] : [],
    ),
  ];
}

/** Requests of one image: the list, however many pages it has, its manifest, and one to spare. */
const REQUESTS_OF_ONE = 3;

/** A publisher of what is there, records included, changes nothing and asks little. */
export function checkQuiet(run: PublisherRun, requests: readonly Seen[]): string[] {
  const asked = requests.filter(({ path, isNextPage }) => path !== "/v2/" && isNextPage !== true);
  const changes = asked.filter(({ method }) => method !== "GET" && method !== "HEAD");
  const parts = (run.reported ?? []).map(
    ({ tag, stages }) => stages.length + (tag.includes("-") ? 0 : 1),
  );
  const most = REQUESTS_OF_ONE * parts.reduce((sum, count) => sum + count, 0);
  return [
    ...changes.map(({ method, path }) => `a second publisher sent ${method} ${path}`),
    ...(asked.length > most
      ? [
          `a second publisher of ${parts.length} images sent ${asked.length} requests: ${asked
            .map(({ method, path }) => `${method} ${path}`)
            .join(", ")}`,
        ]
      : []),
  ];
}

/** What was reported is still there after a cleanup. */
export function checkKept(runs: readonly PublisherRun[], after: Contents): string[] {
  const reported = runs.flatMap(({ reported: images = [] }) =>
    images.flatMap(({ tag, digest, stages }) => [{ tag, digest }, ...stages]),
  );
  const gone = reported.filter(({ tag, digest }) => after.tags.get(tag)?.digest !== digest);
  return [...new Set(gone.map(({ tag }) => `the cleanup took ${tag}`))];
}
