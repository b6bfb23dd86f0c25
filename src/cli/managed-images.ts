import { resolve } from "node:path";

import { Command } from "commander";

import type { ManagedImagesRequest } from "../commands/managed-images/managed-images.ts";
import { UsageError } from "../commands/error.ts";
import { formatRepository } from "../oci/reference.ts";
import { exitCodeOf } from "./failure.ts";
import type { Host } from "./host.ts";
import { withJournal } from "./journal-options.ts";
import type { JournalFlags } from "./journal-options.ts";
import { requireRepository } from "./policy-options.ts";
import { metaRepoOf, withMetaRepo } from "./repos-options.ts";
import type { MetaRepoFlags } from "./repos-options.ts";
import { withSharedOptions } from "./shared-options.ts";
import type { SharedFlags } from "./shared-options.ts";

interface ManagedImagesFlags extends SharedFlags, MetaRepoFlags {}

interface RemovalFlags extends ManagedImagesFlags, JournalFlags {
  readonly dryRun: boolean;
}

/** How the nameless image is written. Source: werf, `managed-images ls`. */
const NAMELESS = "~";

export function managedImagesCommand(host: Host): Command {
  return new Command("managed-images")
    .summary("list, add and remove the image names of a project")
    .description(
      "Works on the records of image names. Cleanup keeps by the Git history only images whose name is recorded. The nameless image is written ~.",
    )
    .addCommand(listCommand(host))
    .addCommand(addCommand(host))
    .addCommand(removeCommand(host));
}

function listCommand(host: Host): Command {
  const command = new Command("ls")
    .summary("list the recorded image names")
    .description("Lists the recorded image names, one a line. Changes nothing.");
  return withOptions(command, host).action(async (_flags: ManagedImagesFlags, action: Command) => {
    const flags = action.opts<ManagedImagesFlags>();
    const request = await requestOf(flags);
    const { listManagedImages } = await import("../commands/managed-images/managed-images.ts");
    const images = await host.run(flags, (deps) => listManagedImages(request, deps));
    if (flags.output === "json") printJson(host, "ls", request, { images });
    else host.print(images.map(({ name }) => `${shown(name)}\n`).join(""));
    host.exit(0);
  });
}

function addCommand(host: Host): Command {
  const command = new Command("add")
    .summary("record image names")
    .description("Records image names of the project; what is recorded already stays as it is.")
    .argument("<names...>", "image names; ~ is the nameless image");
  return withOptions(command, host).action(
    async (words: readonly string[], _flags: ManagedImagesFlags, action: Command) => {
      const flags = action.opts<ManagedImagesFlags>();
      const request = { ...(await requestOf(flags)), names: namesOf(words) };
      const { addManagedImages } = await import("../commands/managed-images/managed-images.ts");
      const images = await host.run(flags, (deps) => addManagedImages(request, deps));
      if (flags.output === "json") printJson(host, "add", request, { images });
      else
        host.print(images.map(({ name, status }) => `${shown(name)}: ${ADDED[status]}\n`).join(""));
      host.exit(0);
    },
  );
}

function removeCommand(host: Host): Command {
  const command = new Command("rm")
    .summary("remove the records of image names")
    .description(
      "Removes the records of image names: the next cleanup keeps their images no longer because of their history. What is removed is written down in the journal first.",
    )
    .argument("<names...>", "image names; ~ is the nameless image")
    .option("--dry-run", "look and print; change nothing", false);
  return withJournal(withOptions(command, host)).action(
    async (words: readonly string[], _flags: RemovalFlags, action: Command) => {
      const flags = action.opts<RemovalFlags>();
      const { dryRun } = flags;
      const names = namesOf(words);
      const request = { ...(await requestOf(flags)), names, dryRun };
      const { removeManagedImages } = await import("../commands/managed-images/managed-images.ts");
      const result = await host.run(flags, (deps) => removeManagedImages(request, deps));
      const { deleted, failed, skipped, journal, brokeOff } = result;
      if (flags.output === "json") {
        const broke = brokeOff === undefined ? {} : { brokeOff: brokeOff.message };
        const parts = { dryRun, deleted, failed, skipped, ...broke };
        printJson(host, "rm", request, { ...parts, ...(journal === undefined ? {} : { journal }) });
      } else {
        const what = dryRun ? "would be removed" : "removed";
        host.print(deleted.map(({ tag }) => `${tag ?? ""}: ${what}\n`).join(""));
      }
      for (const { tag, message } of failed) host.warn(`tidemark: ${tag ?? ""}: ${message}`);
      for (const { tag, why, message } of skipped) {
        host.warn(`tidemark: ${tag ?? ""} stays: ${message ?? why}`);
      }
      if (brokeOff !== undefined) host.warn(`tidemark: the run broke off: ${brokeOff.message}`);
      if (journal !== undefined) host.say(`what was deleted is written down in ${journal}`, flags);
      const ended = brokeOff === undefined ? {} : { brokeOff: brokeOff.message };
      host.exit(exitCodeOf({ failed, violations: [], ...ended }, host));
    },
  );
}

function withOptions(command: Command, host: Host): Command {
  return withMetaRepo(withSharedOptions(command, host.env));
}

async function requestOf(flags: ManagedImagesFlags): Promise<ManagedImagesRequest> {
  const repository = requireRepository(flags.repo);
  const { loadConfig } = await import("../config/load.ts");
  const { project } = await loadConfig({ dir: resolve(flags.dir), path: flags.config });
  return { repository, project, ...metaRepoOf(flags) };
}

function namesOf(words: readonly string[]): string[] {
  if (words.includes("")) {
    throw new UsageError(`an image name is empty; the nameless image is written ${NAMELESS}`);
  }
  return [...new Set(words.map((word) => (word === NAMELESS ? "" : word)))];
}

function shown(name: string): string {
  return name === "" ? NAMELESS : name;
}

const ADDED = { added: "recorded", there: "was recorded already" } as const;

function printJson(
  host: Host,
  verb: "ls" | "add" | "rm",
  { repository, metaRepo, project }: ManagedImagesRequest,
  parts: object,
): void {
  const records = metaRepo === undefined ? {} : { metaRepo: formatRepository(metaRepo) };
  const json = {
    schema: 1,
    command: `managed-images ${verb}`,
    repository: formatRepository(repository),
    ...records,
    project,
    ...parts,
  };
  host.print(`${JSON.stringify(json)}\n`);
}
