import type { Ground } from "../../engine/audit/ground.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";

/** Notes which subjects of signatures are not there: those that nobody has read are asked for. */
export async function lookForSubjects(
  { input, contents }: Pick<Ground, "input" | "contents">,
  missing: Set<Digest>,
  { registry, repository: { host, name } }: Home,
  { parallel, report, signal }: CommandDeps,
): Promise<void> {
  const subjects = new Set<Digest>();
  for (const { class: known } of input.tags) {
    if (known.kind === "signature") subjects.add(known.subject);
  }
  for (const { subject } of contents.values()) if (subject !== undefined) subjects.add(subject);
  const open = [...subjects].filter((digest) => !contents.has(digest) && !missing.has(digest));
  if (open.length === 0) return;
  const phase = "looking for what signatures are about";
  report({ type: "phase.started", phase, total: open.length });
  let done = 0;
  await mapParallel(open, parallel, async (digest) => {
    const look = (): ReturnType<typeof registry.resolve> =>
      registry.resolve({ host, name, digest }, { signal });
    // Registries forget for a moment.
    if (((await look()) ?? (await look())) === undefined) missing.add(digest);
    done += 1;
    report({ type: "phase.advanced", phase, done });
  });
}
