import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { runCleanup } from "../../src/commands/cleanup/cleanup.ts";
import type { CommandDeps, GitHistory } from "../../src/commands/deps.ts";
import { openSession } from "../../src/compose/session.ts";
import { PROJECT, seedProject } from "../project/content.ts";
import type { Commit } from "../project/content.ts";
import type { Figure } from "../figure.ts";

const REPOSITORY = "acme/shop";
const STAGES = 10_000;
const IMAGES = 10;
const PAGE = 1000;
/** Image names and stages that are read to see whose they are, at most; the manifest and the config of each. */
const SAMPLES = 8;
const NOW = Date.UTC(2026, 0, 1);

/** Counts the requests of a cleanup that removes half of 10 000 stages, each with its record. */
export async function measureCleanupRequests(): Promise<readonly Figure[]> {
  const fake = createFakeRegistry({ tagOrder: "insertion", maxPage: PAGE });
  const commits = Array.from({ length: STAGES + 1 }, (_, at): Commit => ({
    id: at.toString(16).padStart(40, "0"),
    time: NOW - (STAGES - at) * 600_000 - 86_400_000,
  }));
  seedProject(repositoryIn(fake.state, REPOSITORY), commits, {
    images: IMAGES,
    stagesPerBuild: 1,
    builds: STAGES,
    records: STAGES,
    customTags: 0,
    importRecords: 0,
    rejected: 0,
    foreign: 0,
  });
  await using server = await fake.listen();
  const tags = repositoryIn(fake.state, REPOSITORY).tags.size;
  const cacheDir = await mkdtemp(join(tmpdir(), "tidemark-requests-"));
  // Each build is of a commit of its own, and one branch has the younger half of them.
  const deleted = await cleanUp(server.host, commits.slice(STAGES / 2 + 1), cacheDir);
  await rm(cacheDir, { recursive: true });
  const requests = server.requests();
  const kept = STAGES - deleted / 2; // what goes is a stage and its record
  const samples = 2 * 2 * SAMPLES;
  return [
    row("GET of list pages", count(requests, "GET", "/tags/list"), {
      budget: 2 * Math.ceil(tags / PAGE),
      formula: "pages, twice",
    }),
    row("HEAD of manifests", count(requests, "HEAD", "/manifests/"), {
      budget: tags,
      formula: "tags",
    }),
    row(
      "GET of manifests and configs",
      count(requests, "GET", "/manifests/") + count(requests, "GET", "/blobs/"),
      {
        budget: 2 * kept + deleted,
        formula: "kept stages × 2 + deleted",
        extra: samples + 1,
        why: `${SAMPLES} image names and ${SAMPLES} stages read to see whose they are, and whether anything may be deleted`,
      },
    ),
    row("GET of referrers", count(requests, "GET", "/referrers/"), {
      budget: deleted / 2,
      formula: "stages that go",
      extra: 1,
      why: "whether there is such an endpoint",
    }),
    row("DELETE", count(requests, "DELETE", ""), {
      budget: deleted,
      formula: "deleted",
      extra: 2,
      why: "whether anything may be deleted, and the lease of this run",
    }),
    row(
      "PUT, POST and HEAD of blobs",
      count(requests, "PUT", "") +
        count(requests, "POST", "") +
        count(requests, "PATCH", "") +
        count(requests, "HEAD", "/blobs/"),
      {
        budget: 0,
        formula: "none",
        extra: 14,
        why: "the lease of this run and the record of this cleanup: two blobs and a manifest each",
      },
    ),
  ];
}

function row(
  what: string,
  found: number,
  allowed: {
    readonly budget: number;
    readonly formula: string;
    /** A constant that does not grow with the repository. */
    readonly extra?: number;
    readonly why?: string;
  },
): Figure {
  const { budget, formula, extra = 0, why } = allowed;
  const constant = why === undefined ? "" : ` + at most ${extra}: ${why}`;
  return {
    work: `cleanup of ${STAGES} stages, half go: ${what}`,
    figure: `${found}`,
    budget: `${budget} (${formula})${constant}`,
    isMet: found <= budget + extra,
  };
}

type LoggedRequest = ReturnType<FakeRegistry["requests"]>[number];

/** Requests of a method whose path has a part. */
function count(requests: readonly LoggedRequest[], wanted: string, part: string): number {
  return requests.filter(({ method, path }) => method === wanted && path.includes(part)).length;
}

/** Answers with how many tags went, each of which has a manifest of its own. */
async function cleanUp(host: string, known: readonly Commit[], cacheDir: string): Promise<number> {
  await using session = openSession({
    dir: ".",
    // Nothing is known from an earlier run.
    env: { XDG_CACHE_HOME: cacheDir },
    access: (role) => ({ role, implementation: undefined, options: {} }),
    insecure: true,
    skipTlsVerify: false,
    caPem: undefined,
    dockerConfig: "/nonexistent",
    parallel: 32,
    journal: undefined,
    version: "bench",
    report: () => {},
    signal: new AbortController().signal,
  });
  const deps: CommandDeps = {
    ...session,
    // A clock that stands: a listing is trusted for a minute, and a longer run takes one more each minute.
    now: () => new Date(NOW),
    readHistory: async () => historyOf(known),
    openJournal: async () => ({
      place: "",
      batch: 1,
      check: async () => {},
      append: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  const { deleted, failed, skipped } = await runCleanup(
    {
      policy: {
        repository: { host, name: REPOSITORY },
        project: PROJECT,
        gitHistory: true,
        fetch: false,
        policies: [
          {
            references: {
              kind: "branch",
              pattern: "main",
              regexp: "^(?:main)$",
              flags: "v",
              limit: { last: undefined, inMs: undefined, operator: "And" },
            },
            imagesPerReference: { last: -1, inMs: undefined, operator: "And" },
          },
        ],
        builtInPolicies: false,
        keepBuiltWithinHours: 2,
        keepList: new Set(),
      },
      disabled: false,
      dryRun: false,
      allow: new Set(),
      gcGraceMs: 0,
    },
    deps,
  );
  if (failed.length + skipped.length > 0) throw new Error("not everything went");
  return deleted.length;
}

/** One branch, a line of commits; oldest first in, newest first in the graph. */
function historyOf(commits: readonly Commit[]): GitHistory {
  const newestFirst = commits.toReversed();
  const places = new Map(newestFirst.map(({ id }, place) => [id, place]));
  const size = newestFirst.length;
  const tip = newestFirst[0] ?? { id: "", time: 0 };
  return {
    references: [{ kind: "branch", name: "main", commit: tip.id, time: tip.time / 1000 }],
    graph: {
      size,
      times: Float64Array.from(newestFirst, ({ time }) => time / 1000),
      parentOffsets: Uint32Array.from({ length: size + 1 }, (_, at) => Math.min(at, size - 1)),
      parents: Uint32Array.from({ length: size - 1 }, (_, at) => at + 1),
      indexOf: (hex) => places.get(hex) ?? -1,
      hexOf: (index) => newestFirst[index]?.id ?? "",
    },
    warnings: [],
  };
}
