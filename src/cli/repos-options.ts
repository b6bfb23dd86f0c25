import { resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import type { ProjectRepositories } from "../commands/cleanup/copies.ts";
import { UsageError } from "../commands/error.ts";
import { isNamespaceAddress, parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import { withRole } from "./role-options.ts";
import { collect } from "./shared-options.ts";

/** Where the records of a project are, when they are not with its stages. */
export interface MetaRepoFlags {
  readonly metaRepo?: string;
}

/** The repositories of a project besides the primary one. Source: werf, `--final-repo` and its siblings. */
export interface ReposFlags extends MetaRepoFlags {
  readonly finalRepo?: string;
  readonly cacheRepo: readonly string[];
  readonly secondaryRepo: readonly string[];
}

export function withMetaRepo(command: Command): Command {
  command.option("--meta-repo <address>", "repository of the records, where they are apart");
  return withRole(command, "meta-repo");
}

/** Needs the options of `withMetaRepo` too. */
export function withProjectRepositories(command: Command): Command {
  command
    .option("--final-repo <address>", "repository of the final images, cleaned with the stages")
    .addOption(repeatable("--cache-repo <address>", "repository of cached stages, cleaned too"))
    .addOption(
      repeatable("--secondary-repo <address>", "repository that is only read: left alone"),
    );
  return withRole(withRole(withRole(command, "final-repo"), "cache-repo"), "secondary-repo");
}

/** Throws `UsageError` or `AddressError`. */
export function metaRepoOf({ metaRepo }: MetaRepoFlags): { readonly metaRepo?: Repository } {
  return metaRepo === undefined ? {} : { metaRepo: addressOf("--meta-repo", metaRepo) };
}

/** Throws `UsageError` or `AddressError`. */
export function projectRepositoriesOf(flags: ReposFlags): ProjectRepositories {
  const { finalRepo, cacheRepo, secondaryRepo } = flags;
  const finals = finalRepo === undefined ? [] : [addressOf("--final-repo", finalRepo)];
  const caches = cacheRepo.map((address) => addressOf("--cache-repo", address));
  return {
    copies: [
      ...finals.map((repository) => ({ repository, role: "final-repo" }) as const),
      ...caches.map((repository) => ({ repository, role: "cache-repo" }) as const),
    ],
    secondary: secondaryRepo.map((address) => addressOf("--secondary-repo", address)),
  };
}

/** Refuses the other repositories of a project where several projects' repositories are named. */
export function refuseOtherRepositories(flags: ReposFlags): void {
  const { copies } = projectRepositoriesOf(flags);
  const [first] = [
    ...copies.map(({ role }) => role),
    ...Object.keys(metaRepoOf(flags)).map(() => "meta-repo"),
  ];
  if (first === undefined) return;
  throw new UsageError(
    `--${first} belongs to one repository of stages, and several are named; name one with --repo host/name`,
  );
}

function repeatable(flags: string, about: string): Option {
  return new Option(flags, `${about}; repeatable`).argParser(collect).default([], "none");
}

function addressOf(option: string, address: string): Repository {
  if (address === "")
    throw new UsageError(`${option} is empty: name a repository, or leave it out`);
  if (isNamespaceAddress(address)) {
    throw new UsageError(`${option} ${address} names no repository; write host/name or oci:PATH`);
  }
  return parseRepository(address, (path) => resolve(path));
}
