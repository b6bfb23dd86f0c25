import type { Capabilities } from "../../registry/capabilities.ts";
import { CAPABILITY_FIELDS } from "../../registry/describe-capabilities.ts";
import type { Detection } from "../../registry/detect.ts";
import type { RegistryDeps } from "../deps.ts";
import type { RegistryRequest } from "./registry-detect.ts";

export interface CapabilitiesResult {
  readonly detection: Detection;
  readonly capabilities: Capabilities;
  /** What the server was asked, because its implementation does not say it. */
  readonly learned: readonly (keyof Capabilities)[];
}

/** Tells what a registry can do: the adapter's record, and what this server answered where the record leaves it open. */
export async function runRegistryCapabilities(
  { repository, probe }: RegistryRequest,
  deps: RegistryDeps,
): Promise<CapabilitiesResult> {
  const detection = await deps.detect(repository, probe ? "ambiguous" : "none");
  const { capabilities: record } = await detection.entry.load();
  if (!probe) return { detection, capabilities: record, learned: [] };
  await using registry = await deps.openRegistry(repository);
  const capabilities = await registry.learn(repository, { signal: deps.signal });
  const learned = CAPABILITY_FIELDS.filter((field) => capabilities[field] !== record[field]);
  return { detection, capabilities, learned };
}
