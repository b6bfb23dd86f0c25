import { access, constants, mkdtemp, rm } from "node:fs/promises";
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
import type { Counts } from "./counting-proxy.ts";
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
    const room = await findRoom();
    await using source = await startRegistry(room);
    await seed(source);
    const tools = [
      ours(built, NAME, home),
      skopeo(NAMESPACE, NAME),
      crane(NAME, 2),
      crane(NAME, 16),
    ];
    const timed = await timeTools(tools, source, { home, room });
    const counted = await mapParallel(tools, 1, (tool) => countRequests(tool, source, home));
    return [
      { work: "registries keep their data", figure: room.isMemory ? "in memory" : "on a disk" },
      ...figuresOf(tools, timed, counted),
    ];
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Where registries keep what they are given. */
interface Room {
  readonly path: string;
  readonly isMemory: boolean;
}

/**
 * In memory where the machine allows it: ext4 looks at each inode that was freed in the last minute before it gives a new
 * one, so that what one program's registry removed would slow the next one's down, up to twice. Source: Linux,
 * `recently_deleted` in fs/ext4/ialloc.c.
 */
async function findRoom(): Promise<Room> {
  const isMemory = await access(MEMORY, constants.W_OK).then(
    () => true,
    () => false,
  );
  return { path: isMemory ? MEMORY : tmpdir(), isMemory };
}

const MEMORY = "/dev/shm";

async function startRegistry({ path }: Pick<Room, "path">): Promise<Server> {
  return await startServer({ kind: "docker-registry", within: path });
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
  { home, room }: { readonly home: string; readonly room: Room },
): Promise<readonly Timed[]> {
  const all = tools.map(() => ({ copies: new Array<ToolRun>(), repeats: new Array<ToolRun>() }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, tool] of tools.entries()) {
      await using target = await startRegistry(room);
      const where = { from, to: target.host, home };
      all[at]?.copies.push(await runTool(tool, where));
      all[at]?.repeats.push(await runTool(tool, where));
    }
  }
  return all;
}

/** Requests on both sides. */
interface Counted {
  readonly copy: Counts;
  readonly again: Counts;
}

async function countRequests(tool: Tool, source: Server, home: string): Promise<Counted> {
  await using target = await startServer({ kind: "docker-registry" });
  await using from = await startCountingProxy(source.host);
  await using to = await startCountingProxy(target.host);
  const where = { from: from.host, to: to.host, home };
  const count = (): Counts => {
    const sides = [from.counts(), to.counts()];
    return {
      all: sides.reduce((sum, { all }) => sum + all, 0),
      single: sides.reduce((sum, { single }) => sum + single, 0),
    };
  };
  await runTool(tool, where);
  const copy = count();
  await runTool(tool, where);
  const { all, single } = count();
  return { copy, again: { all: all - copy.all, single: single - copy.single } };
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
  const toCrane = own / Math.max(...craneRates);
  return [
    atMost(`${work}: requests a tag`, perTag(count?.copy.all), BUDGET.copy, exactly),
    atMost(
      `${work}, nothing left to do: requests a tag besides the lists`,
      perTag(count?.again.single),
      BUDGET.again,
      exactly,
    ),
    atLeast(`${work}: rate, ours to skopeo's`, own / skopeoRate, BUDGET.toSkopeo, ratio),
    { work: `${work}: rate, ours to crane's better one`, figure: ratio(toCrane) },
    ...tools.map(({ name }, at): Figure => {
      const { copies = [], repeats = [] } = timed[at] ?? {};
      const again = TAGS / median(repeats.map(({ seconds }) => seconds));
      const peak = Math.max(...copies.map(({ peakBytes }) => peakBytes));
      const requests = [counted[at]?.copy.all, counted[at]?.again.all].map(perTag).map(exactly);
      const speed = `${perSecond(rates[at] ?? Number.NaN)}, again ${perSecond(again)}`;
      const figure = `${speed}; ${requests.join(", again ")} requests a tag; ${mebibytes(peak)}`;
      return { work: `${work}, ${name}`, figure };
    }),
  ];
}

function perTag(requests: number = Number.NaN): number {
  return requests / TAGS;
}

function exactly(value: number): string {
  return value.toFixed(3);
}
