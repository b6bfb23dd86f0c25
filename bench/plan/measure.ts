import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atMost, mebibytes, perSecond, seconds } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { generateHistory } from "../git-walk/generate.ts";
import { runWorker, startWorker } from "../worker.ts";

const HISTORY = { commits: 20_000, references: 500 };
const REPOSITORY = "acme/shop";
const BUDGET = { bytes: 180 * 1024 * 1024, seconds: 1.5 };

/** 100 000 tags on a server of their own, listed, resolved and planned in a process of its own. */
export async function measurePlan(): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-plan-"));
  try {
    spawnSync("git", ["init", "--quiet", "--bare", dir], { stdio: "inherit" });
    await generateHistory(dir, HISTORY);
    await using server = await startWorker(new URL("server.ts", import.meta.url), [
      dir,
      REPOSITORY,
    ]);
    const args = [server.firstLine, REPOSITORY, dir, String(newestCommitTime(dir) + 60_000)];
    const found = await runWorker(new URL("gather.ts", import.meta.url), args);
    const work = `${found("tags")} tags planned, ${found("deleted")} would go, ${found("manifests")} manifests read`;
    return [
      atMost(`${work}: peak memory`, found("peakBytes"), BUDGET.bytes, mebibytes),
      atMost(`${work}: CPU`, found("planningSeconds"), BUDGET.seconds, seconds),
      { work: "tags resolved by HEAD", figure: perSecond(found("resolvedPerSecond")) },
    ];
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Milliseconds since the epoch. */
function newestCommitTime(dir: string): number {
  const args = ["-C", dir, "rev-list", "--all", "--timestamp", "--max-count=1"];
  const { stdout } = spawnSync("git", args, { encoding: "utf8" });
  return Number(stdout.split(" ")[0]) * 1000;
}
