import { openGit } from "../../src/git/open.ts";

/** One walk in a process of its own: `walk.ts DIR` prints a line of JSON about it. */
const [dir = "."] = process.argv.slice(2);
const git = await openGit(dir, { env: process.env });
const { references, graph } = await git.readHistory({ source: "local" });
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(
  `${JSON.stringify({ commits: graph.size, references: references.length, peakBytes })}\n`,
);
