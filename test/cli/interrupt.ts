import type { ChildProcess } from "node:child_process";

/** Interrupts a run of the command line; comes back when it has noticed. */
export async function interrupt(child: ChildProcess): Promise<void> {
  const noticed = new Promise<void>((resolve) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString("utf8").includes("interrupted")) resolve();
    });
  });
  child.kill("SIGINT");
  await noticed;
}
