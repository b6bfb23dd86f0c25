import type { Missing, RestoreResult, RestoredItem } from "../commands/restore/restore-result.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Host } from "./host.ts";
import type { ConnectionFlags } from "./shared-options.ts";
import { table } from "./table.ts";

export interface RestoreReport {
  readonly result: RestoreResult;
  readonly requests: RequestCounts;
}

type Status = RestoredItem["status"];

const STATUSES: readonly Status[] = ["restored", "there", "left", "partly", "gone", "failed"];

/** Items of one status that a table names; the rest are counted. */
const MAX_LISTED = 20;

/** Prints what came back, or in a dry run would. */
export function printRestore(host: Host, flags: ConnectionFlags, report: RestoreReport): void {
  const { result } = report;
  if (flags.output === "json") host.print(`${JSON.stringify(restoreJson(report))}\n`);
  else host.print(restoreText(result, host));
  for (const problem of result.problems) host.warn(`warning: ${problem}`);
  if (result.brokeOff !== undefined) {
    host.warn(
      `tidemark: the run broke off: ${result.brokeOff}; ${result.untried} manifests were not tried; run it again`,
    );
  }
  if (result.journal !== undefined) {
    host.say(`what moved tags named before is written down in ${result.journal}`, flags);
  }
}

/** The JSON form; the order is stable. */
export function restoreJson({ result, requests }: RestoreReport): object {
  const { repository, dryRun, journals, items, problems, brokeOff, untried, journal } = result;
  const { GET, HEAD, PUT, POST, DELETE } = requests;
  return {
    schema: 1,
    command: "restore",
    dryRun,
    repository: formatRepository(repository),
    journals,
    summary: {
      manifests: items.length + untried,
      ...Object.fromEntries(STATUSES.map((status) => [status, count(items, status)])),
      untried,
      requests: { GET, HEAD, PUT, POST, DELETE },
    },
    items: items.map(({ digest, mediaType, tags, status, missing, code, message }) => ({
      digest,
      mediaType,
      status,
      tags,
      missing,
      code,
      message,
    })),
    warnings: problems,
    ...(brokeOff === undefined ? {} : { brokeOff }),
    ...(journal === undefined ? {} : { journal }),
  };
}

function restoreText(result: RestoreResult, host: Host): string {
  const { repository, dryRun, items } = result;
  const rows = STATUSES.flatMap((status) => {
    const many = count(items, status);
    return many === 0 ? [] : [[dryRun ? WOULD_BE[status] : WORDS[status], String(many)]];
  });
  const blocks = [
    `${formatRepository(repository)}${dryRun ? "  (dry run: nothing was changed)" : ""}`,
    table(host, ["manifests", "count"], [...rows, ["all of them", String(items.length)]]),
    ...(["failed", "gone", "partly", "left"] as const).map((status) => list(items, status, host)),
    listLeftTags(items, host),
  ];
  return `${blocks.filter((block) => block !== "").join("\n")}\n`;
}

const WORDS: Readonly<Record<Status, string>> = {
  restored: "restored",
  there: "there already",
  left: "left: their tags name something else",
  partly: "partly restored",
  gone: "gone",
  failed: "failed",
};

const WOULD_BE: Readonly<Record<Status, string>> = {
  ...WORDS,
  restored: "would be restored",
  partly: "would be partly restored",
};

function list(items: readonly RestoredItem[], status: Status, host: Host): string {
  const found = items.filter((item) => item.status === status);
  const rows = found.slice(0, MAX_LISTED).map((item) => [nameOf(item), describe(item)]);
  return table(host, [status, "why"], rows) + more(found.length);
}

/** Tags that stay where they are, of manifests that are back or were there. */
function listLeftTags(items: readonly RestoredItem[], host: Host): string {
  const found = items
    .filter(({ status }) => status !== "left")
    .flatMap(({ tags }) => tags.filter(({ status }) => status === "left"));
  const rows = found.slice(0, MAX_LISTED).map(({ tag, now }) => [tag, elsewhere(now)]);
  return table(host, ["tag left", "why"], rows) + more(found.length);
}

function describe({ status, missing, message, tags }: RestoredItem): string {
  if (status === "left") return elsewhere(tags[0]?.now);
  const lacks = missing.map(describeMissing).join(", ");
  if (message === undefined) return lacks;
  return lacks === "" ? message : `${lacks}; ${message}`;
}

function describeMissing({ kind, digest }: Missing): string {
  return `${kind} ${digest} is gone`;
}

function elsewhere(now: string | undefined): string {
  return `it names ${now ?? "something else"} by now; --overwrite moves it back`;
}

function nameOf({ tags, digest }: RestoredItem): string {
  const [first, ...others] = tags;
  if (first === undefined) return digest;
  return others.length === 0 ? first.tag : `${first.tag} and ${others.length} more`;
}

function count(items: readonly RestoredItem[], status: Status): number {
  return items.filter((item) => item.status === status).length;
}

function more(length: number): string {
  return length > MAX_LISTED ? `\n… and ${length - MAX_LISTED} more; --output json lists all` : "";
}
