import type { RepositoryResult, TransferCounts } from "../commands/migrate/result.ts";
import type { LeftBecause } from "../engine/migrate/plan.ts";
import { formatRepository } from "../oci/reference.ts";
import { counted, formatBytes } from "../report/format.ts";
import type { Host } from "./host.ts";
import { migrationJson } from "./migration-json.ts";
import type { MigrationReport } from "./migration-json.ts";
import { OUTCOMES, describeLeft, outcomeOf } from "./migration-outcome.ts";
import type { Outcome } from "./migration-outcome.ts";
import type { ConnectionFlags } from "./shared-options.ts";
import { table } from "./table.ts";

/** Lines of one kind that a table has; the rest are counted. */
const MAX_LISTED = 20;

const WORDS: Readonly<Record<Outcome, string>> = {
  "would-copy": "would be copied",
  "would-replace": "would be replaced",
  copied: "copied",
  present: "there already",
  refused: "refused",
  failed: "failed",
  waiting: "waiting",
};

/** Prints what a migration did, or would do. */
export function printMigration(host: Host, flags: ConnectionFlags, report: MigrationReport): void {
  if (flags.output === "json") host.print(`${JSON.stringify(migrationJson(report))}\n`);
  else host.print(migrationText(report, host));
  sayMigration(host, flags, report);
}

/** Tells on stderr what needs attention, and where what was removed is written down. */
export function sayMigration(host: Host, flags: ConnectionFlags, report: MigrationReport): void {
  const { result } = report;
  for (const warning of result.warnings) {
    if (!report.told.has(warning)) host.warn(`warning: ${warning}`);
  }
  const { repositories } = result;
  const isLeft = repositories.some(({ left }) => left.length > 0);
  if (isLeft && repositories.every(({ tags }) => tags.length === 0)) {
    host.warn("warning: nothing of the source is to be copied: nothing in it was selected");
  }
  if (result.brokeOff !== undefined) {
    host.warn(
      `tidemark: the run broke off: ${result.brokeOff}; run it again, what has arrived is not sent again`,
    );
  }
  for (const { from, removal } of result.repositories) {
    const source = formatRepository(from);
    if (removal?.refused !== undefined) {
      host.warn(`tidemark: nothing was removed from ${source}: ${removal.refused.message}`);
    }
    if (removal !== undefined && removal.journals.length > 0) {
      const places = removal.journals.join(" and ");
      host.say(`what was removed from ${source} is written down in ${places}`, flags);
    }
  }
}

function migrationText({ result }: MigrationReport, host: Host): string {
  const { repositories, dryRun, counts } = result;
  const blocks = [
    dryRun ? "dry run: nothing was changed" : "",
    repositoryTable(repositories, dryRun, host),
    classTable(repositories, dryRun, host),
    renamedTable(repositories, host),
    problemTable(repositories, host),
    leftTable(repositories, host),
    verificationTable(repositories, host),
    keptTable(repositories, host),
    ...repositories.flatMap(closingLines),
    dryRun ? sizeLine(repositories, result.plan.repositories) : countsLine(counts),
  ];
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

/** A row for each repository, with the outcomes that occur at all. */
function repositoryTable(
  repositories: readonly RepositoryResult[],
  dryRun: boolean,
  host: Host,
): string {
  const outcomes = outcomesIn(repositories, dryRun);
  const rows = repositories.map(({ from, to, tags, left }) => [
    ...outcomes.map((outcome) => countOf(tags, outcome, dryRun)),
    String(left.length),
    formatRepository(from),
    formatRepository(to),
  ]);
  return table(host, [...outcomes.map((outcome) => WORDS[outcome]), "left", "from", "to"], rows);
}

/** A row for each class of tags. */
function classTable(
  repositories: readonly RepositoryResult[],
  dryRun: boolean,
  host: Host,
): string {
  const outcomes = outcomesIn(repositories, dryRun);
  const tags = Map.groupBy(
    repositories.flatMap((repository) => repository.tags),
    (tag) => tag.class,
  );
  const left = Map.groupBy(
    repositories.flatMap((repository) => repository.left),
    (tag) => tag.class,
  );
  const classes = [...new Set([...tags.keys(), ...left.keys()])].toSorted();
  const rows = classes.map((label) => [
    ...outcomes.map((outcome) => countOf(tags.get(label) ?? [], outcome, dryRun)),
    String(left.get(label)?.length ?? 0),
    label,
  ]);
  return table(host, [...outcomes.map((outcome) => WORDS[outcome]), "left", "tags"], rows);
}

/** Tags that have another name in the target. */
function renamedTable(repositories: readonly RepositoryResult[], host: Host): string {
  const rows = repositories.flatMap(({ from, to, tags }) =>
    tags
      .filter(({ tag, as }) => tag !== as)
      .map(({ tag, as }) => [`${formatRepository(from)}:${tag}`, `${formatRepository(to)}:${as}`]),
  );
  return listed(host, ["tag", "becomes"], rows);
}

/** What the target would not have, and what did not work. */
function problemTable(repositories: readonly RepositoryResult[], host: Host): string {
  const rows = repositories.flatMap(({ to, tags }) =>
    tags.flatMap(({ as, outcome }) =>
      "message" in outcome
        ? [[outcome.status, `${formatRepository(to)}:${as}`, outcome.message]]
        : [],
    ),
  );
  return listed(host, ["what", "tag", "why"], rows);
}

/** Reasons that are about one tag, so that each tag is named. */
const OWN_ROW: ReadonlySet<LeftBecause["kind"]> = new Set(["taken", "broken", "dangling"]);

/** What is not copied, by the reason; what every run leaves behind is not worth a line. */
function leftTable(repositories: readonly RepositoryResult[], host: Host): string {
  const left = repositories
    .flatMap((repository) => repository.left)
    .filter(({ why: { kind } }) => kind !== "not-selected" && kind !== "transient");
  const groups = Map.groupBy(left, (one) =>
    OWN_ROW.has(one.why.kind) ? `${one.tag} ${describeLeft(one)}` : describeLeft(one),
  );
  const rows = [...groups.values()].map((tags) => {
    const [first] = tags;
    const why = first === undefined ? "" : describeLeft(first);
    const others = tags.length === 1 ? "" : ` and ${tags.length - 1} more`;
    return [`${first?.tag ?? ""}${others}`, why];
  });
  return listed(host, ["left", "why"], rows);
}

function verificationTable(repositories: readonly RepositoryResult[], host: Host): string {
  const rows = repositories.flatMap(({ to, verification }) =>
    (verification?.problems ?? []).map(({ tag, kind, digest, found }) => [
      `${formatRepository(to)}:${tag}`,
      PROBLEMS[kind],
      found === undefined ? digest : `${digest}; it has ${found}`,
    ]),
  );
  return listed(host, ["not proved", "why", "digest"], rows);
}

const PROBLEMS = {
  "missing-tag": "the tag is not there",
  "other-digest": "the tag has another digest",
  "missing-manifest": "a manifest is not there",
  "missing-blob": "a blob is not there",
  "untold-referrer": "a referrer is there, and its subject's index does not name it",
} as const;

/** What stays in the source though it is proved, unless nothing was removed at all: that is said once. */
function keptTable(repositories: readonly RepositoryResult[], host: Host): string {
  const rows = repositories.flatMap(({ from, removal }) => {
    if (removal === undefined || removal.refused !== undefined) return [];
    const stays = removal.kept.map(({ tag, why }) => ({ tag, why }));
    const failed = removal.failed.map(({ tag, message }) => ({ tag, why: `failed: ${message}` }));
    return [...failed, ...stays].map(({ tag, why }) => [`${formatRepository(from)}:${tag}`, why]);
  });
  return listed(host, ["stays in the source", "why"], rows);
}

function closingLines({ from, to, verification, removal }: RepositoryResult): readonly string[] {
  const proof =
    verification === undefined
      ? []
      : [
          `${formatRepository(to)}: ${counted(verification.tags, "tag")}, ${counted(verification.manifests, "manifest")} and ${counted(verification.blobs, "blob")} were looked at, ${counted(verification.problems.length, "problem")}`,
        ];
  const gone =
    removal === undefined || removal.refused !== undefined
      ? []
      : [
          `${formatRepository(from)}: ${counted(removal.deleted.length, "tag")} removed, ${removal.kept.length + removal.failed.length} stay`,
        ];
  return [...proof, ...gone];
}

function countsLine(counts: TransferCounts): string {
  const { blobsSent, bytesSent, blobsMounted, blobsPresent, manifestsSent, copiedByServer } =
    counts;
  const parts = [
    `${counted(blobsSent, "blob")} sent (${formatBytes(bytesSent)})`,
    `${blobsMounted} mounted`,
    `${blobsPresent} there already`,
    `${counted(manifestsSent, "manifest")} sent`,
    ...(copiedByServer === 0 ? [] : [`${copiedByServer} copied by the registry itself`]),
  ];
  return parts.join(", ");
}

/** What a run would send at most: blobs that are in the target already are found only then. */
function sizeLine(
  repositories: readonly RepositoryResult[],
  planned: MigrationReport["result"]["plan"]["repositories"],
): string {
  if (repositories.length === 0) return "";
  const blobs = new Map(
    planned.flatMap(({ to, manifests }) =>
      manifests.flatMap(({ blobs: own }) =>
        own.map(({ digest, size }) => [`${to.host} ${digest}`, size] as const),
      ),
    ),
  );
  const bytes = blobs.values().reduce((sum, size) => sum + size, 0);
  return `at most ${counted(blobs.size, "blob")} (${formatBytes(bytes)}) to send`;
}

function outcomesIn(
  repositories: readonly RepositoryResult[],
  dryRun: boolean,
): readonly Outcome[] {
  const found = new Set(
    repositories.flatMap(({ tags }) => tags.map((tag) => outcomeOf(tag, dryRun))),
  );
  return OUTCOMES.filter((outcome) => found.has(outcome));
}

function countOf(tags: RepositoryResult["tags"], outcome: Outcome, dryRun: boolean): string {
  return String(tags.filter((tag) => outcomeOf(tag, dryRun) === outcome).length);
}

function listed(host: Host, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const text = table(host, head, rows.slice(0, MAX_LISTED));
  const more = rows.length - MAX_LISTED;
  return more > 0 ? `${text}\n… and ${more} more; --output json lists all` : text;
}
