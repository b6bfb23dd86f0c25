import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { z } from "zod";

import { readIfThere, writeWhole } from "../../journal/whole-file.ts";
import { GuardError } from "../error.ts";

/** That the stages a project kept on this machine have moved; whoever would go on using them is refused. */
export interface LocalBlock {
  readonly project: string;
  /** Where they are: `host/name`. */
  readonly to: string;
  /** RFC 3339, UTC. */
  readonly movedAt: string;
}

const BlockFile = z.object({
  kind: z.literal("tidemark-local-block"),
  schema: z.literal(1),
  project: z.string(),
  to: z.string().min(1),
  movedAt: z.string(),
});

/**
 * Reads the block of a project; `undefined` where there is none. One that cannot be understood blocks all the same: it
 * rejects with `GuardError("local-stages")`.
 *
 * @param path Of the file.
 */
export async function readLocalBlock(path: string): Promise<LocalBlock | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    const { project, to, movedAt } = BlockFile.parse(JSON.parse(text));
    return { project, to, movedAt };
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof z.ZodError)) throw error;
    throw new GuardError(
      "local-stages",
      `${path} says that the stages of this machine have moved, and not where to; mend it, or delete it to go on with :local`,
    );
  }
}

/** Writes the block of a project; the file appears whole or not at all, and outlives a power cut. */
export async function writeLocalBlock(path: string, block: LocalBlock): Promise<void> {
  const content = { kind: "tidemark-local-block", schema: 1, ...block };
  const text = `${JSON.stringify(content, undefined, 2)}\n`;
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, text, { mode: 0o644 });
}

/** Refuses to open stages that have moved: `GuardError("local-stages")`, one line with their address and the way back. */
export async function refuseMovedStages(path: string): Promise<void> {
  const block = await readLocalBlock(path);
  if (block === undefined) return;
  const { project, to, movedAt } = block;
  throw new GuardError(
    "local-stages",
    `the stages of project "${project}" moved from :local to ${to} at ${movedAt}; name that instead of :local (to go back: delete ${path}, then \`tidemark stages sync --from ${to} --to :local\`)`,
  );
}
