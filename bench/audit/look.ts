import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";

import { audit } from "../../src/commands/audit/audit.ts";
import { openSession } from "../../src/compose/session.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { PROJECT } from "../project/content.ts";

/** `look.ts HOST NAME DIR`: one audit in a process of its own; prints a line of JSON about it. */
const [host = "", name = "", dir = "."] = process.argv.slice(2);

const ALL = { last: undefined, inMs: undefined, operator: "And" } as const;

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
let lastAnswer = process.cpuUsage();
const start = performance.now();
const { repositories, findings } = await audit(
  {
    targets: [{ kind: "repository", namespace: { host, name }, role: "repo" }],
    policy: {
      project: PROJECT,
      gitHistory: true,
      fetch: false,
      policies: (["tag", "branch"] as const).map((kind) => ({
        references: { kind, pattern: "/.*/", regexp: "^(?:.*)$", flags: "v", limit: ALL },
        imagesPerReference: { last: 1, inMs: undefined, operator: "And" },
      })),
      builtInPolicies: false,
      keepBuiltWithinHours: 2,
      keepList: new Set(),
    },
    compare: false,
  },
  { ...session, openRegistry: async (...of) => watched(await session.openRegistry(...of)) },
);
const total = process.cpuUsage();
const thinking = process.cpuUsage(lastAnswer);
const requests = Object.values(session.requests()).reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${JSON.stringify({
    tags: repositories.reduce((sum, { tags }) => sum + tags.length, 0),
    findings: findings.length,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    cpuSeconds: (total.user + total.system) / 1e6,
    thinkingSeconds: (thinking.user + thinking.system) / 1e6,
    requestsPerSecond: (requests / (performance.now() - start)) * 1000,
  })}\n`,
);

/** Notes when the last answer came. */
function watched(registry: Registry): Registry {
  const note = async <Result>(answer: Promise<Result>): Promise<Result> => {
    const result = await answer;
    lastAnswer = process.cpuUsage();
    return result;
  };
  return {
    ...registry,
    getManifest: (...call) => note(registry.getManifest(...call)),
    getBlob: (...call) => note(registry.getBlob(...call)),
  };
}
