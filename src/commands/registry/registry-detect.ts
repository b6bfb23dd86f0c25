import type { Repository } from "../../oci/reference.ts";
import type { Detection } from "../../registry/detect.ts";
import type { RegistryDeps } from "../deps.ts";

export interface RegistryRequest {
  readonly repository: Repository;
  /** Whether a server may be asked. */
  readonly probe: boolean;
}

/**
 * Tells which adapter serves a repository. Where its host tells nothing by its name, by its first answer and by the pages
 * of every implementation. Rejects with `RegistryError` when that host does not answer.
 */
export async function runRegistryDetect(
  { repository, probe }: RegistryRequest,
  deps: RegistryDeps,
): Promise<Detection> {
  const detection = await deps.detect(repository, probe ? "all" : "none");
  const { warning } = detection;
  if (warning !== undefined) deps.report({ type: "warning.raised", message: warning });
  await requireAnswer(detection, repository, deps);
  return detection;
}

/** Rejects as the first request to a host that did not answer does; what is wrong with it is best told by that. */
export async function requireAnswer(
  { because }: Detection,
  repository: Repository,
  { openRegistry, signal }: RegistryDeps,
): Promise<void> {
  if (because !== "the host does not answer") return;
  await using registry = await openRegistry(repository);
  for await (const _ of registry.listTags(repository, { signal })) return;
}
