import type { Descriptor } from "../../oci/descriptor.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import type { TagReference } from "../../oci/reference.ts";
import { RegistryError, isRegistryError } from "../../registry/error.ts";
import { formatReference } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { putWhole } from "./put-whole.ts";
import type { PublishDeps } from "./request.ts";

/** Pauses between looks at a tag that was written and is not seen. Milliseconds. */
const PAUSES_MS = [100, 300, 1_000, 3_000];

/**
 * Puts a manifest under a tag that nobody has, and looks whether it is there.
 *
 * `written`: it is. `taken`: the tag is somebody else's, who had it before or wrote it at the same moment. A tag that
 * somebody has is never written. Rejects when the registry refuses, or does not show what was written.
 */
export async function putTag(
  registry: Pick<Registry, "resolve" | "putManifest">,
  reference: TagReference,
  manifest: ManifestBody,
  deps: Pick<PublishDeps, "signal" | "runner">,
): Promise<"written" | "taken"> {
  const { signal } = deps;
  const before = await registry.resolve(reference, { signal });
  if (before !== undefined) return before.digest === manifest.digest ? "written" : "taken";
  try {
    await putWhole(registry, reference, manifest, deps);
  } catch (error) {
    signal.throwIfAborted();
    return settleRefusal(error);
  }
  const after = await lookFor(registry, reference, deps);
  return after.digest === manifest.digest ? "written" : "taken";

  /** A tag that cannot be changed may have been written by another; an answer that was lost tells nothing. */
  async function settleRefusal(refusal: unknown): Promise<"written" | "taken"> {
    if (!isRegistryError(refusal)) throw refusal;
    const found = await registry.resolve(reference, { signal });
    if (found === undefined) throw refusal;
    return found.digest === manifest.digest ? "written" : "taken";
  }
}

/** What a tag that was just written points at. Rejects with `protocol` when it is not seen for some seconds. */
export async function lookFor(
  registry: Pick<Registry, "resolve">,
  reference: TagReference,
  { signal, runner }: Pick<PublishDeps, "signal" | "runner">,
): Promise<Descriptor> {
  for (const pause of [0, ...PAUSES_MS]) {
    if (pause > 0) await runner.sleep(pause);
    const found = await registry.resolve(reference, { signal });
    if (found !== undefined) return found;
  }
  throw new RegistryError(
    "protocol",
    `${reference.host}: ${formatReference(reference)} was stored, and the registry does not show it`,
  );
}
