import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atMost, mebibytes, seconds } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { runWorker } from "../worker.ts";
import type { Numbers } from "../worker.ts";
import { generateHistory } from "./generate.ts";

const SIZE = { commits: 100_000, references: 1000 };
const ROUNDS = 5;
/** design.md section 7: at most this many times git's own walk, and so many seconds more. */
const BUDGET = { ratio: 1.3, seconds: 0.3, bytes: 160 * 1024 * 1024 };

/** Our reading of a generated history, in a process of its own, against git's own walk: in turns, best of five. */
export async function measureGitWalk(): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-git-walk-"));
  try {
    spawnSync("git", ["init", "--quiet", "--bare", dir], { stdio: "inherit" });
    await generateHistory(dir, SIZE);
    return await compare(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function compare(dir: string): Promise<readonly Figure[]> {
  const walk = new URL("walk.ts", import.meta.url);
  const git: number[] = [];
  const ours: number[] = [];
  const walks: Numbers[] = [];
  // In turns, so that both meet the same neighbours on the machine.
  for (let round = 0; round < ROUNDS; round += 1) {
    git.push(await timeOf(() => runGit(dir)));
    ours.push(await timeOf(async () => walks.push(await runWorker(walk, [dir]))));
  }
  const { commits, references } = SIZE;
  const gitSeconds = Math.min(...git);
  const peakBytes = Math.max(...walks.map((numbers) => numbers("peakBytes")));
  const work = `${commits} commits, ${references} references read`;
  return [
    { work: "git rev-list --all --parents", figure: seconds(gitSeconds) },
    atMost(work, Math.min(...ours), BUDGET.ratio * gitSeconds + BUDGET.seconds, seconds),
    atMost(`${work}: peak memory`, peakBytes, BUDGET.bytes, mebibytes),
  ];
}

/** Lets git print the whole walk, and reads it. */
async function runGit(dir: string): Promise<void> {
  const child = spawn("git", ["-C", dir, "rev-list", "--all", "--parents"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.resume();
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`git rev-list ended with exit code ${code}`);
}

/** Seconds. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
