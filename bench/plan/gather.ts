import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { gatherCleanup } from "../../src/commands/cleanup/gather-cleanup.ts";
import { openSession } from "../../src/compose/session.ts";
import type { KeepPolicy, Limit } from "../../src/engine/cleanup/policy.ts";
import { PROJECT } from "../project/content.ts";
import { watchRegistry } from "./watch.ts";

/** `gather.ts HOST NAME DIR NOW`: one plan in a process of its own; prints a line of JSON about it. */
const [host = "", name = "", dir = ".", now = "0"] = process.argv.slice(2);

/** Every tag, and a hundred branches of the last month with five images each. */
const POLICIES: readonly KeepPolicy[] = [
  keep("tag", { last: -1, inMs: undefined, operator: "And" }, 1),
  keep("branch", { last: 100, inMs: 720 * 3_600_000, operator: "And" }, 5),
];

await using session = openSession({
  dir,
  // Nothing is known from an earlier run.
  env: { ...process.env, XDG_CACHE_HOME: await mkdtemp(join(dir, "cache-")) },
  access: (role) => ({ role, implementation: undefined, options: {} }),
  insecure: true,
  skipTlsVerify: false,
  caPem: undefined,
  dockerConfig: dir,
  parallel: 32,
  journal: dir,
  version: "bench",
  report: () => {},
  signal: new AbortController().signal,
});
const watched = watchRegistry(await session.openRegistry({ host, name }));
const { plan } = await gatherCleanup(
  watched.registry,
  {
    repository: { host, name },
    project: PROJECT,
    gitHistory: true,
    fetch: false,
    policies: POLICIES,
    builtInPolicies: false,
    keepBuiltWithinHours: 2,
    keepList: new Set(),
  },
  { ...session, now: () => new Date(Number(now)) },
);
const planningSeconds = watched.idleSeconds();
const peakBytes = process.resourceUsage().maxRSS * 1024;
const deleted = plan.deletions.flatMap(({ tags }) => tags).length;
const { resolved, manifests } = watched.counts();
process.stdout.write(
  `${JSON.stringify({
    tags: plan.kept.length + deleted,
    deleted,
    manifests,
    resolvedPerSecond: resolved / watched.resolvingSeconds(),
    planningSeconds,
    peakBytes,
  })}\n`,
);

function keep(kind: "branch" | "tag", limit: Limit, last: number): KeepPolicy {
  return {
    references: { kind, pattern: "/.*/", regexp: "^(?:.*)$", flags: "v", limit },
    imagesPerReference: { last, inMs: undefined, operator: "And" },
  };
}
