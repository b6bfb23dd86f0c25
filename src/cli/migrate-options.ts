import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";

import { MIGRATION_GUARDS } from "../commands/migrate/request.ts";
import type { MigrationRequest } from "../commands/migrate/request.ts";
import { UsageError } from "../commands/error.ts";
import type { Environment } from "../compose/environment.ts";
import { GUARD_NAMES } from "../engine/cleanup/guards.ts";
import type { TagLabel } from "../engine/cleanup/plan.ts";
import { withLocalStages } from "./local-stages.ts";
import { parseAge } from "./parse-age.ts";
import type { SidesFlags } from "./migrate-sides.ts";
import { withRole } from "./role-options.ts";
import { collect, withConnectionOptions, withProjectOptions } from "./shared-options.ts";
import type { ConnectionFlags } from "./shared-options.ts";

/** Options of every command that copies from one place to another. */
export interface TransferFlags extends ConnectionFlags, SidesFlags {
  readonly dir: string;
  readonly config?: string;
  readonly dryRun: boolean;
  readonly verify: boolean;
  readonly overwrite: boolean;
  readonly referrers: boolean;
  readonly state?: string;
  readonly allow: readonly string[];
}

/** Which tags are copied. */
export interface SelectionFlags {
  readonly foreign: boolean;
  readonly class: readonly TagLabel[];
  readonly image: readonly string[];
  readonly tag: readonly string[];
  /** Milliseconds. */
  readonly youngerThan?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly kept: boolean;
  readonly fromMetaRepo?: string;
}

export function withTransferOptions(command: Command, env: Environment): Command {
  const base = withTransferTo(
    command.option(
      "--from <address>",
      "where the images are: host/name, host/team/, oci:DIR, archive:FILE or :local",
    ),
    env,
  );
  return withLocalStages(base, env, ["from", "to"])
    .option("--verify", "look at every tag, manifest and blob in the target afterwards", false)
    .option("--overwrite", "replace tags that the target has with another digest", false)
    .option("--no-referrers", "leave referrers behind that no tag of the source names")
    .option(
      "--state <file>",
      "what has arrived so far, for a run after one that was killed (default: a file of its own)",
    );
}

/** Adds the options of a command that knows by itself where from. */
export function withTransferTo(command: Command, env: Environment): Command {
  command.option("--to <address>", "where they go; likewise");
  return withConnectionOptions(withProjectOptions(command), env, ["from", "to"])
    .option("--dry-run", "decide and print; change nothing", false)
    .addOption(
      new Option("--allow <guard>", "let one guard through for this run; repeatable")
        .argParser(collect)
        .default([], "none"),
    );
}

/** Adds what `migrate` can be told to leave behind. */
export function withSelection(command: Command): Command {
  command
    .option("--foreign", "copy tags too that nothing of the project knows", false)
    .addOption(
      new Option("--class <class>", `only tags of this class: ${CLASSES.join(", ")}; repeatable`)
        .argParser(collectClass)
        .default([], "all of the project"),
    )
    .addOption(many("--image <name>", "only stages and tags of this image; * is any characters"))
    .addOption(many("--tag <name>", "only this tag, and what belongs to it; * is any characters"))
    .addOption(
      new Option("--younger-than <duration>", "only stages and images younger than this").argParser(
        parseAge,
      ),
    )
    .addOption(
      new Option("--older-than <duration>", "only stages and images older than this").argParser(
        parseAge,
      ),
    )
    .option("--kept", "only what a cleanup of the source would keep", false)
    .option(
      "--from-meta-repo <address>",
      "repository of the source's records, where they are apart",
    );
  return withRole(command, "from-meta-repo");
}

/** Classes that `--class` takes. */
const CLASSES = [
  "stage",
  "index",
  "rejected",
  "image-metadata",
  "managed-image",
  "custom-tag",
  "custom-tag-metadata",
  "import-metadata",
  "signature",
  "image",
  "foreign",
] as const satisfies readonly TagLabel[];

function collectClass(value: string, before: unknown): TagLabel[] {
  const list: unknown[] = Array.isArray(before) ? before : [];
  const found = [...list.map(String), value].map((text) => CLASSES.find((name) => name === text));
  return found.map((label) => {
    if (label !== undefined) return label;
    throw new InvalidArgumentError(`Known are ${CLASSES.join(", ")}.`);
  });
}

function many(flags: string, about: string): Option {
  return new Option(flags, `${about}; repeatable`).argParser(collect).default([], "all");
}

/** Guards by their names. Throws `UsageError`. */
export function guardsOf(names: readonly string[]): MigrationRequest["allow"] {
  const all = [...MIGRATION_GUARDS, ...GUARD_NAMES];
  return new Set(
    names.map((text) => {
      const known = all.find((name) => name === text);
      if (known !== undefined) return known;
      const list = [...new Set(all)].join(", ");
      throw new UsageError(`--allow "${text}" is no guard; known are ${list}`);
    }),
  );
}
