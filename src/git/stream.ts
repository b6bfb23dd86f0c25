import { spawn } from "node:child_process";
import { failure, missingGit, type GitContext } from "./command.ts";

/** Of what Git writes to stderr this much is kept, in characters. */
const MAX_COMPLAINT = 64 * 1024;

export interface StreamRequest {
  readonly args: readonly string[];
  /** Written to the command's standard input. */
  readonly input: string;
  /** Gets the standard output, chunk by chunk, as the bytes Git wrote. What it throws ends the command. */
  readonly onChunk: (chunk: Buffer) => void;
}

/**
 * Runs one Git command and hands its output on while it runs. Resolves when the command has succeeded and its
 * output is complete; rejects with `GitError("failed")`, with what `onChunk` threw, or with the abort reason.
 * A complaint counts as failure even where the exit code does not.
 */
export async function streamGit(context: GitContext, request: StreamRequest): Promise<void> {
  context.signal?.throwIfAborted();
  const child = spawn("git", [...request.args], {
    cwd: context.dir,
    env: context.env,
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const kill = (): void => {
    child.kill();
  };
  let stderr = "";
  let thrown: { readonly error: unknown } | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (stderr.length < MAX_COMPLAINT) stderr += text;
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (thrown !== undefined) return;
    try {
      request.onChunk(chunk);
    } catch (error) {
      thrown = { error };
      kill();
    }
  });
  // A command that ends early closes its input; its exit code and its words tell why.
  child.stdin.on("error", () => undefined).end(request.input);
  context.signal?.addEventListener("abort", kill);
  try {
    const exitCode = await ending(child);
    context.signal?.throwIfAborted();
    if (thrown !== undefined) throw thrown.error;
    if (exitCode !== 0 || /^(?:fatal|error):/m.test(stderr)) {
      throw failure(context, request.args[0] ?? "", { exitCode, stderr });
    }
  } finally {
    context.signal?.removeEventListener("abort", kill);
  }
}

/** The exit code once all output has been read; -1 for a process that was killed. */
function ending(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(missingGit(error)));
    child.on("close", (code) => resolve(code ?? -1));
  });
}
