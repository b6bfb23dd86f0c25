import { startCliProcess } from "../scenarios/cli-process.ts";
import { commandLine } from "./command-line.ts";
import type { KillWorld } from "./killed.ts";
import { createProject } from "./project.ts";
import { openWatchedSide } from "./watched-side.ts";

/** A project in a registry of this process, and a process that runs the command line. */
export async function openKillWorld(): Promise<KillWorld & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const cliProcess = stack.use(startCliProcess());
  const project = stack.use(await createProject());
  const watched = stack.use(await openWatchedSide());
  const { backend } = watched;
  const repository = await backend.createRepository("source");
  await project.fill(repository);
  return {
    project,
    line: commandLine(cliProcess, project),
    source: { backend, repository, watched },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
