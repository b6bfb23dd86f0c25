import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mebibytes, perSecond, seconds } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { generateHistory } from "../git-walk/generate.ts";
import { runWorker, startWorker } from "../worker.ts";

const HISTORY = { commits: 20_000, references: 500 };
const REPOSITORY = "acme/shop";

/** 100 000 tags on a server of their own, audited in a process of its own: every manifest, and the configs of images. */
export async function measureAudit(): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-audit-"));
  try {
    spawnSync("git", ["init", "--quiet", "--bare", dir], { stdio: "inherit" });
    await generateHistory(dir, HISTORY);
    const place = new URL("../plan/server.ts", import.meta.url);
    await using server = await startWorker(place, [dir, REPOSITORY]);
    const args = [server.firstLine, REPOSITORY, dir];
    const found = await runWorker(new URL("look.ts", import.meta.url), args);
    const work = `${found("tags")} tags audited`;
    return [
      { work: `${work}: peak memory`, figure: mebibytes(found("peakBytes")) },
      { work: `${work}: CPU, reading included`, figure: seconds(found("cpuSeconds")) },
      { work: `${work}: CPU after the last answer`, figure: seconds(found("thinkingSeconds")) },
      { work: "requests for it", figure: perSecond(found("requestsPerSecond")) },
      { work: "findings", figure: String(found("findings")) },
    ];
  } finally {
    await rm(dir, { recursive: true });
  }
}
