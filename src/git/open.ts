import { resolve } from "node:path";
import { isAncestorOfHead } from "./ancestry.ts";
import { findClone, type ObjectFormat } from "./clone.ts";
import { gitEnvironment, type Environment } from "./environment.ts";
import { readFiles, type FilesRequest } from "./files.ts";
import { readHead, type Head } from "./head.ts";
import { readHistory, type History, type HistoryRequest } from "./history.ts";
import { readSubjects } from "./subjects.ts";
import { synchronize, type Synchronization, type SynchronizeRequest } from "./synchronize.ts";

export interface OpenGitOptions {
  /** The environment that Git runs in, with the user's own settings for credentials and ssh. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** One clone, seen through the `git` of this machine. Every failure is a `GitError` or the abort reason. */
export interface Git {
  /** Absolute. */
  readonly dir: string;
  readonly objectFormat: ObjectFormat;
  /** See `synchronize.ts`. Changes nothing in the clone but objects and `refs/tidemark/`. */
  synchronize(request: SynchronizeRequest): Promise<Synchronization>;
  /** See `history.ts`. Takes the `source` that `synchronize` answered with. */
  readHistory(request: HistoryRequest): Promise<History>;
  /** See `head.ts`. */
  readHead(): Promise<Head>;
  /** See `ancestry.ts`. */
  isAncestorOfHead(commit: string): Promise<boolean>;
  /** See `files.ts`. */
  readFiles(request: FilesRequest): ReturnType<typeof readFiles>;
  /** See `subjects.ts`. */
  readSubjects(commits: readonly string[]): ReturnType<typeof readSubjects>;
}

/** Opens the repository that holds `dir`, or rejects with `GitError("not-a-repository")`. */
export async function openGit(dir: string, { env, signal }: OpenGitOptions): Promise<Git> {
  const context = { dir: resolve(dir), env: gitEnvironment(env), signal };
  const clone = await findClone(context);
  return {
    dir: clone.dir,
    objectFormat: clone.objectFormat,
    synchronize: (request) => synchronize(clone, request),
    readHistory: (request) => readHistory(clone, request),
    readHead: () => readHead(clone),
    isAncestorOfHead: (commit) => isAncestorOfHead(clone, commit),
    readFiles: (request) => readFiles(clone, request),
    readSubjects: (commits) => readSubjects(clone, commits),
  };
}
