import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT, buildPackage } from "../build-package.ts";
import { atMost, median, milliseconds } from "../figure.ts";
import type { Figure } from "../figure.ts";

const ROUNDS = 21;
const BUDGET_MS = 20;

/** `--version` and `--help`, from source and built, against a bare Node: medians, in turns. */
export async function measureStartup(): Promise<readonly Figure[]> {
  await using built = await buildPackage();
  const bins = { "from source": join(ROOT, "bin"), built: built.bin };
  const commands = Object.entries(bins).flatMap(([where, bin]) =>
    ["--version", "--help"].map((option) => ({
      work: `${option}, ${where}, above a bare node`,
      args: [join(bin, "tidemark.js"), option],
      isBudgeted: option === "--version",
      times: new Array<number>(),
    })),
  );
  const bare: number[] = [];
  // The first round fills the caches and does not count.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const bareMs = await timeOf(["-e", "0"]);
    if (round > 0) bare.push(bareMs);
    for (const { args, times } of commands) {
      const ms = await timeOf(args);
      if (round > 0) times.push(ms);
    }
  }
  return [
    { work: `bare node -e 0, median of ${ROUNDS}`, figure: milliseconds(median(bare)) },
    ...commands.map(({ work, times, isBudgeted }) => {
      const above = median(times) - median(bare);
      return isBudgeted
        ? atMost(work, above, BUDGET_MS, milliseconds)
        : { work, figure: milliseconds(above) };
    }),
  ];
}

/** Milliseconds that a Node with these arguments lives. */
async function timeOf(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [...args], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with exit code ${code}`);
  return performance.now() - start;
}
