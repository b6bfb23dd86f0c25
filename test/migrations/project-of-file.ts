import { afterAll } from "vitest";
import { startCliProcess } from "../scenarios/cli-process.ts";
import type { CliProcess } from "../scenarios/cli-process.ts";
import { createProject } from "./project.ts";
import type { Project } from "./project.ts";

/** A project for all tests of a file, and a process that runs the command line for them; both end with the file. */
export async function openProjectOfFile(): Promise<{
  readonly cliProcess: CliProcess;
  readonly project: Project;
}> {
  const cliProcess = startCliProcess();
  const project = await createProject();
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
    await cliProcess[Symbol.asyncDispose]();
  });
  return { cliProcess, project };
}
