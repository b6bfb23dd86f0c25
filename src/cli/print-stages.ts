import type { ListedStage, StageList } from "../commands/stages/list-stages.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { formatBytes, formatTime } from "../report/format.ts";
import type { Host } from "./host.ts";
import type { ConnectionFlags } from "./shared-options.ts";
import { table } from "./table.ts";

/** What was found in a repository of stages. */
interface StagesReport {
  readonly repository: Repository;
  readonly list: StageList;
  readonly requests: RequestCounts;
}

/** How the nameless image is written. Source: werf, `managed-images ls`. */
const NAMELESS = "~";

/** Characters by which people know a commit. */
const SHORT_COMMIT = 12;

/** Prints stages with what records tell of them. */
export function printStages(host: Host, flags: ConnectionFlags, report: StagesReport): void {
  const { list } = report;
  if (flags.output === "json") host.print(`${JSON.stringify(listJson(report))}\n`);
  else host.print(listText(list, host));
  for (const warning of list.warnings) host.warn(`warning: ${warning}`);
}

/** The JSON form; the order is stable. */
function listJson({ repository, list, requests: { GET, HEAD } }: StagesReport): object {
  const { stages, warnings } = list;
  return {
    schema: 1,
    command: "stages ls",
    repository: formatRepository(repository),
    summary: { stages: stages.length, requests: { GET, HEAD } },
    stages: stages.map(({ tag, kind, digest, builtAt, size, isRejected, builds }) => ({
      tag,
      kind,
      digest,
      ...(builtAt === undefined ? {} : { builtAt: new Date(builtAt).toISOString() }),
      ...(size === undefined ? {} : { size }),
      rejected: isRejected,
      builds: builds.map(({ image, commit }) => ({ image, commit })),
    })),
    warnings,
  };
}

function listText({ stages }: StageList, host: Host): string {
  if (stages.length === 0) return "no stages\n";
  const rows = stages.map((stage) => [
    builtAtOf(stage),
    stage.size === undefined ? "?" : formatBytes(stage.size),
    imagesOf(stage),
    commitsOf(stage),
    whatOf(stage),
    stage.tag,
  ]);
  return `${table(host, ["built", "size", "image", "commit", "what", "tag"], rows)}\n`;
}

function builtAtOf({ builtAt }: ListedStage): string {
  return builtAt === undefined ? "" : formatTime(new Date(builtAt).toISOString());
}

function imagesOf({ builds }: ListedStage): string {
  const names = builds.map(({ image }) => (image === "" ? NAMELESS : (image ?? "?")));
  return [...new Set(names)].join(", ");
}

function commitsOf({ builds }: ListedStage): string {
  const [first, ...others] = [...new Set(builds.map(({ commit }) => commit))];
  const short = first?.slice(0, SHORT_COMMIT) ?? "";
  return others.length === 0 ? short : `${short} and ${others.length} more`;
}

function whatOf({ kind, isRejected, digest }: ListedStage): string {
  if (digest === undefined) return `${kind}, leads nowhere`;
  return isRejected ? `${kind}, rejected` : kind;
}
