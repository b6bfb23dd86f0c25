import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { generateHistory } from "./generate.ts";

const SIZE = { commits: 100_000, references: 1000 };
const ROUNDS = 5;
/** design.md section 7: at most this many times git's own walk, and so many seconds more. */
const BUDGET = { ratio: 1.3, seconds: 0.3, bytes: 160 * 1024 * 1024 };

const dir = await mkdtemp(join(tmpdir(), "tidemark-git-walk-"));
try {
  spawnSync("git", ["init", "--quiet", "--bare", dir], { stdio: "inherit" });
  await generateHistory(dir, SIZE);
  await report(dir);
} finally {
  await rm(dir, { recursive: true });
}

async function report(dir: string): Promise<void> {
  const walk = fileURLToPath(new URL("walk.ts", import.meta.url));
  const git: Run[] = [];
  const ours: Run[] = [];
  // In turns, so that both meet the same neighbours on the machine.
  for (let round = 0; round < ROUNDS; round += 1) {
    git.push(await run("git", ["-C", dir, "rev-list", "--all", "--parents"]));
    ours.push(await run(process.execPath, [walk, dir]));
  }
  const gitSeconds = Math.min(...git.map((run) => run.seconds));
  const seconds = Math.min(...ours.map((run) => run.seconds));
  const walked = ours.map((run) => parseWalk(run.lastLine));
  const peakBytes = Math.max(...walked.map((walk) => walk.peakBytes));
  const allowed = BUDGET.ratio * gitSeconds + BUDGET.seconds;
  const [{ commits, references } = { commits: 0, references: 0 }] = walked;
  console.log(`${commits} commits, ${references} references, best of ${ROUNDS}, a process each`);
  console.log(`git rev-list --all --parents  ${gitSeconds.toFixed(3)} s`);
  console.log(
    `readHistory                   ${seconds.toFixed(3)} s = ${(seconds / gitSeconds).toFixed(2)} x; budget ${allowed.toFixed(3)} s: ${verdict(seconds <= allowed)}`,
  );
  console.log(
    `peak memory of the process    ${mebibytes(peakBytes)} MiB; budget ${mebibytes(BUDGET.bytes)} MiB: ${verdict(peakBytes <= BUDGET.bytes)}`,
  );
}

interface Run {
  readonly seconds: number;
  readonly lastLine: string;
}

/** Runs a command, reads all of its output, and keeps the last piece of it. */
async function run(command: string, args: readonly string[]): Promise<Run> {
  const start = performance.now();
  const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "inherit"] });
  let last = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    last = text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ended with exit code ${code}`);
  return { seconds: (performance.now() - start) / 1000, lastLine: last.trimEnd() };
}

interface Walk {
  readonly commits: number;
  readonly references: number;
  readonly peakBytes: number;
}

function parseWalk(line: string): Walk {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new Error(`no result: ${line}`);
  const fields = new Map<string, unknown>(Object.entries(value));
  const numberOf = (name: string): number => Number(fields.get(name));
  return {
    commits: numberOf("commits"),
    references: numberOf("references"),
    peakBytes: numberOf("peakBytes"),
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function verdict(isWithin: boolean): string {
  return isWithin ? "met" : "MISSED";
}
