import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPusher } from "../../contract-tests/servers/push.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { mapParallel } from "../../src/commands/parallel.ts";
import { buildPackage } from "../build-package.ts";
import { atLeast, atMost, mebibytes, median, perSecond, ratio } from "../figure.ts";
import type { Figure } from "../figure.ts";
import { TAGS, stages } from "./content.ts";
import { startCountingProxy } from "./counting-proxy.ts";
import { runTool } from "./run-tool.ts";
import type { ToolRun } from "./run-tool.ts";
import { crane, ours, skopeo } from "./tools.ts";
import type { Tool } from "./tools.ts";

const NAMESPACE = "bench";
const NAME = `${NAMESPACE}/stages`;
const ROUNDS = 3;
const BUDGET = { copy: 5.05, again: 2, toSkopeo: 4 };

/** 1 000 tags from one docker-registry to another, by three programs in turns; and once more when all is there. */
export async function measureMigration(): Promise<readonly Figure[]> {
  const home = await mkdtemp(join(tmpdir(), "tidemark-migrate-"));
  try {
    await using built = await buildPackage();
    await using source = await startServer({ kind: "docker-registry" });
    await seed(source);
    const tools = [
      ours(built, NAME, home),
      skopeo(NAMESPACE, NAME),
      crane(NAME, 2),
      crane(NAME, 16),
    ];
    const timed = await timeTools(tools, source, home);
    const counted = await mapParallel(tools, 1, (tool) => countRequests(tool, source, home));
    return figuresOf(tools, timed, counted);
  } finally {
    await rm(home, { recursive: true });
  }
}

/** The first stage brings the layers of all. */
async function seed(server: Server): Promise<void> {
  await using pusher = openPusher(server);
  const [first, ...others] = stages();
  if (first !== undefined) await pusher.push(NAME, first.image, [first.tag]);
  await mapParallel(others, 8, ({ tag, image }) => pusher.push(NAME, image, [tag]));
}

interface Timed {
  readonly copies: readonly ToolRun[];
  readonly repeats: readonly ToolRun[];
}

/** Every program to a server that has nothing, then once more, in turns. */
async function timeTools(
  tools: readonly Tool[],
  { host: from }: Server,
  home: string,
): Promise<readonly Timed[]> {
  const all = tools.map(() => ({ copies: new Array<ToolRun>(), repeats: new Array<ToolRun>() }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, tool] of tools.entries()) {
      await using target = await startServer({ kind: "docker-registry" });
      const where = { from, to: target.host, home };
      all[at]?.copies.push(await runTool(tool, where));
      all[at]?.repeats.push(await runTool(tool, where));
    }
  }
  return all;
}

/** Requests a tag, on both sides: of a copy, and of the next run. */
interface Counted {
  readonly copy: number;
  readonly again: number;
}

async function countRequests(tool: Tool, source: Server, home: string): Promise<Counted> {
  await using target = await startServer({ kind: "docker-registry" });
  await using from = await startCountingProxy(source.host);
  await using to = await startCountingProxy(target.host);
  const where = { from: from.host, to: to.host, home };
  await runTool(tool, where);
  const copied = from.count() + to.count();
  await runTool(tool, where);
  return { copy: copied / TAGS, again: (from.count() + to.count() - copied) / TAGS };
}

function figuresOf(
  tools: readonly Tool[],
  timed: readonly Timed[],
  counted: readonly Counted[],
): readonly Figure[] {
  const rates = timed.map(({ copies }) => TAGS / median(copies.map(({ seconds }) => seconds)));
  const [own = 0, skopeoRate = 1, ...craneRates] = rates;
  const [count] = counted;
  const work = `copy of ${TAGS} tags`;
  return [
    atMost(`${work}: requests a tag`, count?.copy ?? Number.NaN, BUDGET.copy, exactly),
    atMost(
      `${work}, nothing left to do: requests a tag`,
      count?.again ?? Number.NaN,
      BUDGET.again,
      exactly,
    ),
    atLeast(`${work}: rate, ours to skopeo's`, own / skopeoRate, BUDGET.toSkopeo, ratio),
    { work: `${work}: rate, ours to crane's best`, figure: ratio(own / Math.max(...craneRates)) },
    ...tools.map(({ name }, at): Figure => {
      const { copies = [], repeats = [] } = timed[at] ?? {};
      const again = TAGS / median(repeats.map(({ seconds }) => seconds));
      const peak = Math.max(...copies.map(({ peakBytes }) => peakBytes));
      const { copy = 0, again: repeated = 0 } = counted[at] ?? {};
      const speed = `${perSecond(rates[at] ?? 0)}, again ${perSecond(again)}`;
      const requests = `${exactly(copy)} requests a tag, again ${exactly(repeated)}`;
      return { work: `${work}, ${name}`, figure: `${speed}; ${requests}; ${mebibytes(peak)}` };
    }),
  ];
}

function exactly(value: number): string {
  return value.toFixed(3);
}
