import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { problemsIn } from "./check.ts";
import { homeIn, migrationArguments } from "./command-line.ts";
import type { CommandLine, Side } from "./command-line.ts";
import type { GroundEntry } from "./grounds.ts";
import type { Project } from "./project.ts";
import type { WatchedSide } from "./watched-side.ts";

const CLI = resolve("bin/tidemark.js");

/** Where the runs that are killed read from. */
export interface KillSource extends Side {
  readonly watched: WatchedSide;
}

export interface KillWorld {
  readonly project: Project;
  readonly line: CommandLine;
  readonly source: KillSource;
}

/** Requests of an undisturbed run to a target of a kind, on both sides. */
export async function countRequests(world: KillWorld, ground: GroundEntry): Promise<number> {
  await using target = await ground.open();
  let requests = 0;
  hook(world.source, target.watched, () => void (requests += 1));
  const { exit, stderr } = await world.line.migrate(world.source, target);
  hook(world.source, target.watched, () => undefined);
  if (exit !== 0) throw new Error(`the undisturbed run ended with ${exit}: ${stderr}`);
  return requests;
}

/**
 * Kills a run when a request of a certain number comes, looks at what is there, runs again, and answers what is not as
 * after an undisturbed run: a line each.
 */
export async function killOnce(
  world: KillWorld,
  ground: GroundEntry,
  victim: number,
): Promise<readonly string[]> {
  const { source, line, project } = world;
  await using target = await ground.open();
  let child: ChildProcess | undefined;
  let requests = 0;
  hook(source, target.watched, () => {
    if (requests === victim) child?.kill("SIGKILL");
    requests += 1;
  });
  child = spawn(process.execPath, [CLI, "migrate", ...migrationArguments(source, target)], {
    cwd: project.root,
    env: homeIn(project.root),
    stdio: "ignore",
  });
  await once(child, "close");
  hook(source, target.watched, () => undefined);
  if (child.signalCode !== "SIGKILL") return await killOnce(world, ground, earlier(victim));
  await target.pause();
  const before = source.watched.served.length;

  const second = await line.migrate(source, target, ["--verify"]);
  const asked = source.watched.served.slice(before);
  const askedFor = asked.flatMap(
    ({ method, path }) => (method === "GET" && /\/blobs\/(sha256:.+)$/.exec(path)?.[1]) || [],
  );
  if (second.exit !== 0) return [`the second run ended with ${second.exit}: ${second.stderr}`];
  const reading = await target.repository.read();
  const problems = await problemsIn(reading, project, { referrers: true, leases: true });
  const twice = await target.sentTwice(askedFor);
  return [...problems, ...twice.map((digest) => `${digest} came twice`)];
}

/** A run may get by with a few requests less than the one that was counted. */
export function earlier(victim: number): number {
  if (victim === 0) throw new Error("the run ended before it asked for anything");
  return Math.floor(victim * 0.95);
}

function hook(source: KillSource, target: WatchedSide | undefined, before: () => void): void {
  for (const watched of [source.watched, target]) watched?.backend.trouble?.([{ before }]);
}
