import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { createClone } from "../scenarios/git-clone.ts";
import { createRemote } from "../scenarios/git-remote.ts";
import { git } from "../scenarios/git.ts";
import type { GitSide } from "../scenarios/scenario.ts";
import { startCrew } from "./crew.ts";
import type { Crew } from "./crew.ts";
import { writeImages } from "./images.ts";
import { startLockServer } from "./lock-process.ts";
import type { CommitName } from "./round.ts";

/** What rounds share: everything that is the same in all of them. */
export interface Ground extends AsyncDisposable {
  readonly root: string;
  readonly crew: Crew;
  /** A clone whose HEAD is at the commit. */
  cloneAt(commit: CommitName): string;
  commitOf(commit: CommitName): string;
  /** The address of a server of locks that keeps its promises. */
  readonly lockServer: string;
  /** `127.0.0.1:PORT`; started when it is asked for first. */
  server(kind: "docker-registry" | "olareg"): Promise<string>;
}

export const PROJECT = "shop";

const GIT: GitSide = {
  commits: [
    { id: "c1", parents: [], committed: "-12d" },
    { id: "c2", committed: "-2h" },
    { id: "c3", committed: "-1h" },
  ],
  branches: { main: "c3" },
};

/** Git alone decides, and it keeps what the newest commits of `main` have. */
const CONFIG = {
  configVersion: 1,
  project: PROJECT,
  cleanup: {
    disableBuiltWithinLastNHoursPolicy: true,
    keepPolicies: [{ references: { branch: "main" }, imagesPerReference: { last: 100 } }],
  },
};

/** @param members Processes that publishers share. */
export async function openGround(members: number): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), "tidemark-publishers-"));
  const remote = await createRemote(root, GIT, Math.floor(Date.now() / 1000) * 1000);
  await remote.update(GIT, JSON.stringify(CONFIG, null, 2));
  const clones = new Map<CommitName, string>();
  for (const commit of ["c2", "c3"] as const) {
    await mkdir(join(root, commit));
    const clone = await createClone(join(root, commit), remote, GIT);
    await git(clone, ["reset", "-q", "--hard", remote.commitOf(commit)]);
    clones.set(commit, clone);
  }
  await writeImages(root);
  const locks = await startLockServer();
  const crew = startCrew(members);
  const servers = new Map<string, Promise<Server>>();
  return {
    root,
    crew,
    cloneAt: (commit) => clones.get(commit) ?? root,
    commitOf: (commit) => remote.commitOf(commit),
    lockServer: locks.url,
    async server(kind) {
      const started = servers.get(kind) ?? startServer({ kind });
      servers.set(kind, started);
      return (await started).host;
    },
    async [Symbol.asyncDispose]() {
      await crew[Symbol.asyncDispose]();
      await locks.crash();
      for (const server of servers.values()) await (await server).stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
