import type { TagLabel } from "../engine/cleanup/plan.ts";
import type { Reason } from "../engine/cleanup/reason.ts";
import { formatRepository } from "../oci/reference.ts";
import { entriesOf } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { policiesOf } from "./policies.ts";
import { outcomeOf } from "./run.ts";
import type { ReportedRepository, ReportedRun } from "./run.ts";

/**
 * The report as JSON: the fields of werf's (`command`, `dryRun`, `repo`, `finalRepo`, `kept`, `deleted`, and in their items
 * `type`, `tag`, `reason`, `imageName`, `stageID`, `commit`, `id`), then ours. The order is stable.
 */
export function reportJson(run: ReportedRun): object {
  const [primary] = run.repositories;
  const final = run.repositories.find(({ role }) => role === "final-repo");
  const all = run.repositories.flatMap((repository) =>
    entriesOf(repository).map((entry) => ({ entry, repository })),
  );
  const items = (...statuses: readonly Entry["status"][]): object[] =>
    all
      .filter(({ entry }) => statuses.includes(entry.status))
      .map(({ entry, repository }) => itemOf(entry, repository, run));
  const { startedAt, endedAt, exitCode, failure, version } = run;
  return {
    command: run.command,
    dryRun: run.dryRun,
    ...(primary === undefined ? {} : { repo: addressOf(primary) }),
    ...(final === undefined ? {} : { finalRepo: addressOf(final) }),
    kept: items("kept"),
    deleted: items("deleted"),
    schema: 1,
    version,
    startedAt,
    endedAt,
    outcome: outcomeOf(run),
    exitCode,
    ...(failure === undefined ? {} : { failure: { messages: failure.lines } }),
    failed: items("failed"),
    skipped: items("skipped"),
    remaining: items("remaining"),
    repositories: run.repositories.map(repositoryJson),
  };
}

/** What is told of each repository apart from its tags. */
function repositoryJson(repository: ReportedRepository): object {
  const { role, result, input, freed, unread } = repository;
  const entries = entriesOf(repository);
  const count = (status: Entry["status"]): number =>
    entries.filter((entry) => entry.status === status).length;
  const { warnings, violations, brokeOff, journal, garbage, plan } = result;
  return {
    role,
    repo: formatRepository(plan.repository),
    project: plan.project,
    summary: {
      tags: entries.filter(({ tag }) => tag !== undefined).length,
      kept: count("kept"),
      deleted: count("deleted"),
      failed: count("failed"),
      skipped: count("skipped"),
      remaining: count("remaining"),
    },
    ...(freed === undefined
      ? {}
      : {
          bytes: {
            freedAfterGarbageCollection: freed.bytes,
            objects: freed.objects,
            sharedWithKept: freed.shared,
            kept: freed.kept,
            unknownManifests: freed.unknownGoing + freed.unknownKept,
          },
        }),
    ...(unread === undefined ? {} : { bytesUnknown: unread }),
    ...(garbage === undefined ? {} : { garbage }),
    ...(input === undefined ? {} : { policies: policiesOf(input) }),
    warnings,
    violations: violations.map(({ guard, message }) => ({ guard, message })),
    ...(brokeOff === undefined ? {} : { brokeOff }),
    ...(journal === undefined ? {} : { journal }),
  };
}

function itemOf(entry: Entry, repository: ReportedRepository, run: ReportedRun): object {
  const { reasons, because, how, problem, code, why } = entry;
  const [first] = reasons;
  const isCopy = repository.role !== "repo";
  return {
    type: typeOf(entry, repository.role),
    ...(entry.tag === undefined ? {} : { tag: entry.tag }),
    ...(first === undefined ? {} : { reason: wordOf(first) }),
    ...identityOf(entry),
    ...(entry.digest === undefined ? {} : { digest: entry.digest }),
    class: entry.class,
    ...(isCopy || run.repositories.length > 1 ? { repo: addressOf(repository) } : {}),
    ...(reasons.length === 0 ? {} : { reasons }),
    ...(because === undefined ? {} : { because }),
    ...(how === undefined ? {} : { how }),
    ...(code === undefined ? {} : { code }),
    ...(why === undefined ? {} : { why }),
    ...(problem === undefined ? {} : { message: problem }),
    ...(entry.rule === undefined ? {} : { rule: entry.rule }),
    ...(entry.images.length === 0 ? {} : { images: entry.images }),
    ...(entry.commits.length === 0 ? {} : { commits: entry.commits }),
    ...(entry.size === undefined ? {} : { bytes: entry.size }),
    ...timeField("builtAt", entry.builtAt),
    ...timeField("pushedAt", entry.pushedAt),
  };
}

/** What werf names besides the tag. */
function identityOf({ class: label, images, commits, stageId, tag }: Entry): object {
  const [image] = images;
  const [commit] = commits;
  switch (label) {
    case "image-metadata":
      return { imageName: image, stageID: stageId, commit };
    case "managed-image":
      return { imageName: image };
    case "import-metadata":
      return { id: tag?.replace("import-metadata-", "") };
    case "rejected":
      return { stageID: stageId };
    default:
      return {};
  }
}

/** Words of werf's report, and for what it does not have, words in its manner. */
const TYPES: Readonly<Record<TagLabel, string>> = {
  stage: "stage",
  index: "stage",
  rejected: "rejectedStageMarker",
  "image-metadata": "imageMetadata",
  "managed-image": "managedImage",
  "custom-tag": "customTag",
  "custom-tag-metadata": "customTagMetadata",
  "import-metadata": "importMetadata",
  "client-id": "clientID",
  "sync-server": "syncServer",
  "last-cleanup": "lastCleanup",
  "meta-repo-marker": "metaRepoMarker",
  journal: "journal",
  lease: "lease",
  signature: "signature",
  image: "image",
  untagged: "untaggedManifest",
  foreign: "foreign",
};

function typeOf({ class: label, because }: Entry, role: string): string {
  const isStage = label === "stage" || label === "index";
  if (isStage && role === "final-repo") return "finalStage";
  if (isStage && because === "rejected") return "rejectedStage";
  return TYPES[label];
}

/** Words of werf's report; a kind that it does not have is its own word. */
const WORDS: Readonly<Partial<Record<Reason["kind"], string>>> = {
  "git-policy": "git policy",
  "built-recently": "built within last N hours",
  "keep-list": "keep list",
  "in-use": "used in Kubernetes",
  ancestor: "ancestor",
  "import-source": "import source",
  dependency: "dependency source",
  "index-child": "image index platform",
};

function wordOf({ kind }: Reason): string {
  return WORDS[kind] ?? kind;
}

function timeField(name: "builtAt" | "pushedAt", milliseconds: number | undefined): object {
  if (milliseconds === undefined) return {};
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? {} : { [name]: time.toISOString() };
}

function addressOf({ result }: ReportedRepository): string {
  return formatRepository(result.plan.repository);
}
