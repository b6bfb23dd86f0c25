import { Command } from "commander";

import type { ListedStage, StageList } from "../commands/stages/list-stages.ts";
import type { RequestCounts } from "../http/client.ts";
import { formatRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { formatBytes, formatTime } from "../report/format.ts";
import type { Host } from "./host.ts";
import { requireRepository } from "./policy-options.ts";
import { metaRepoOf, withMetaRepo } from "./repos-options.ts";
import type { MetaRepoFlags } from "./repos-options.ts";
import { withSharedOptions } from "./shared-options.ts";
import type { SharedFlags } from "./shared-options.ts";
import { table } from "./table.ts";

interface ListFlags extends SharedFlags, MetaRepoFlags {}

/** How the nameless image is written. Source: werf, `managed-images ls`. */
const NAMELESS = "~";

/** Characters by which people know a commit. */
const SHORT_COMMIT = 12;

export function listStagesCommand(host: Host): Command {
  const command = new Command("ls")
    .summary("list stages with their images, commits, ages and sizes")
    .description(
      "Lists stages and indexes, youngest first, with the images and commits that records tell of. A size is that of everything an image needs, shared or not. Changes nothing.",
    );
  return withMetaRepo(withSharedOptions(command, host.env)).action(
    async (_flags: ListFlags, action: Command) => {
      const flags = action.opts<ListFlags>();
      const request = { repository: requireRepository(flags.repo), ...metaRepoOf(flags) };
      const { listStages } = await import("../commands/stages/list-stages.ts");
      const { list, requests } = await host.run(flags, async (deps) => ({
        list: await listStages(request, deps),
        requests: deps.requests(),
      }));
      if (flags.output === "json") {
        host.print(`${JSON.stringify(listJson(request.repository, list, requests))}\n`);
      } else {
        host.print(listText(list, host));
      }
      for (const warning of list.warnings) host.warn(`warning: ${warning}`);
      host.exit(0);
    },
  );
}

/** The JSON form; the order is stable. */
function listJson(
  repository: Repository,
  { stages, warnings }: StageList,
  { GET, HEAD }: RequestCounts,
): object {
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
