import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runHere } from "./run-here.ts";
import type { Run } from "./run.ts";
import { openWorld, stage } from "./world.ts";
import type { World, WorldSpec } from "./world.ts";

/** A repository with one of everything that a project has, and a foreign tag. */
export const EVERYTHING: WorldSpec = {
  registry: {
    stages: [
      stage("base"),
      stage("s1"),
      stage("s2", { parent: "base" }),
      stage("s3"),
      stage("bad"),
    ],
    indexes: [{ id: "i1", children: ["s1", "s3"], media: "docker", tagged: true }],
    records: [
      ["shop", "c1", "s1"],
      ["shop", "c2", "s2"],
      ["shop", "c3", "i1"],
    ],
    customTags: { latest: "i1" },
    rejected: ["bad"],
    signatures: [{ of: "s3", suffix: ".sig" }],
    foreign: [{ tag: "notes" }],
    service: ["sync-server", "cleanup"],
  },
};

/** Tags that stay with the source whatever is asked, besides foreign ones. */
export const OWN_OF_SOURCE = ["cleanup", "sync-server"];

export interface Migrations extends AsyncDisposable {
  readonly world: World;
  /** A directory that takes images. */
  readonly out: string;
  /**
   * Runs a command from the world's repository to that directory, or wherever `more` says.
   *
   * @param typed What a person types when asked; absent: nobody is there.
   */
  run(command: readonly string[], more?: readonly string[], typed?: string): Promise<Run>;
  /** Runs anything for the project. */
  runAny(args: readonly string[]): Promise<Run>;
  /** As `run`, told as JSON that was parsed. */
  json(command: readonly string[], more?: readonly string[]): Promise<Told>;
  /** Takes away what earlier runs left besides the world's repository. */
  forget(): Promise<void>;
  /** Tags at an address, sorted. */
  tagsAt(address: string): Promise<string[]>;
  /** What a cleanup keeps and takes there, sorted. */
  cleanupAt(address: string): Promise<{ kept: string[]; deleted: string[] }>;
}

/** A run's exit code and what it printed as JSON; a test reads of it what it needs. */
export interface Told {
  readonly exit: number | undefined;
  readonly stderr: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- what is read of it is asserted
  readonly told: any;
}

export async function openMigrations(spec: WorldSpec = EVERYTHING): Promise<Migrations> {
  const world = await openWorld(spec);
  const out = `oci:${world.root}/out`;
  const home = join(world.root, "home");
  const where = ["--dir", world.clone];
  const runAny: Migrations["runAny"] = (args) => runHere([...args, ...where], { home });
  const run: Migrations["run"] = (command, more = [], typed) => {
    const to = more.includes("--to") ? [] : ["--to", out];
    const from = more.includes("--from") ? [] : ["--from", world.address];
    const args = [...command, ...from, ...to, ...where, ...more];
    return runHere(args, { home, ...(typed === undefined ? {} : { typed }) });
  };
  const listed = async (args: readonly string[]): Promise<Told["told"]> => {
    const told = await runAny([...args, "--output", "json", "--quiet"]);
    if (told.exit !== 0) throw new Error(`${args.join(" ")}: ${told.stderr}`);
    return JSON.parse(told.stdout);
  };
  const planned = async (address: string): Promise<Told["told"]> =>
    listed(["cleanup", "--repo", address, "--without-kube", "--dry-run"]);
  const names = (entries: readonly { readonly tag: string }[]): string[] =>
    entries.map(({ tag }) => tag).toSorted();
  return {
    world,
    out,
    run,
    runAny,
    async json(command, more = []) {
      const { exit, stdout, stderr } = await run(command, [...more, "--output", "json", "--quiet"]);
      return { exit, stderr, told: stdout === "" ? undefined : JSON.parse(stdout) };
    },
    async forget() {
      for (const place of ["out", "home/state", "home/.cache"]) {
        await rm(join(world.root, place), { recursive: true, force: true });
      }
    },
    async tagsAt(address) {
      const { kept, deleted } = await planned(address);
      return names([...kept, ...deleted]);
    },
    async cleanupAt(address) {
      const { kept, deleted } = await planned(address);
      return { kept: names(kept), deleted: names(deleted) };
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
