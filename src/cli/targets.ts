import { resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import type { CleanupTarget } from "../commands/cleanup/targets.ts";
import { UsageError } from "../commands/error.ts";
import { isNamespaceAddress, parseNamespace, parseRepository } from "../oci/reference.ts";
import { IMAGES_REPO_MODES } from "../stages/images-repo.ts";
import type { ImagesRepoMode } from "../stages/images-repo.ts";
import { withRole } from "./role-options.ts";

/** How commands name more than one repository. Source: werf 1.1, `--images-repo`, `--stages-storage`. */
export interface TargetFlags {
  readonly repo?: string;
  readonly stagesStorage?: string;
  readonly imagesRepo?: string;
  readonly imagesRepoMode: ImagesRepoMode | "auto";
}

export function withTargets(command: Command): Command {
  command
    .option("-s, --stages-storage <address>", "repository of stages; another name of --repo")
    .option("-i, --images-repo <address>", "registry or repository that images were published to")
    .addOption(
      new Option("--images-repo-mode <mode>", "ADDRESS/IMAGE:TAG or ADDRESS:IMAGE-TAG")
        .choices(IMAGES_REPO_MODES)
        .default("auto"),
    );
  return withRole(withRole(command, "stages-storage-repo"), "images-repo");
}

/** The targets, when there is more than one repository that `--repo` names; `undefined` when there is not. */
export function targetsOf(flags: TargetFlags): readonly CleanupTarget[] | undefined {
  const { repo, stagesStorage, imagesRepo } = flags;
  if (repo === "") return undefined;
  if (stagesStorage !== undefined && repo !== undefined) {
    throw new UsageError("--stages-storage is another name of --repo; give one of them");
  }
  const targets = [
    ...(repo === undefined ? [] : [storageTarget(repo, "repo")]),
    ...(stagesStorage === undefined ? [] : [storageTarget(stagesStorage, "stages-storage-repo")]),
    ...(imagesRepo === undefined ? [] : [imagesTarget(imagesRepo, flags.imagesRepoMode)]),
  ];
  const isPlain = targets.length === 1 && repo !== undefined && targets[0]?.kind === "repository";
  return targets.length === 0 || isPlain ? undefined : targets;
}

/** A repository, or every one below a namespace. */
export function storageTarget(address: string, role: string): CleanupTarget {
  return isNamespaceAddress(address)
    ? { kind: "below", namespace: parseNamespace(address, inProject), role }
    : { kind: "repository", namespace: parseRepository(address, inProject), role };
}

function imagesTarget(address: string, mode: ImagesRepoMode | "auto"): CleanupTarget {
  return {
    kind: "images",
    namespace: parseNamespace(address, inProject),
    mode,
    role: "images-repo",
  };
}

function inProject(path: string): string {
  return resolve(path);
}
