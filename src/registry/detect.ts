import { DIRECTORY_HOST } from "../oci/reference.ts";
import type { AdapterEntry } from "./adapter.ts";

/** The adapter for a host, and why it is that one. */
export interface Detection {
  readonly entry: AdapterEntry;
  readonly because: "asked for" | "the host" | "no other adapter claims the host";
  /** When the choice contradicts what the host proves. */
  readonly warning?: string;
}

/** An implementation that does not exist, or cannot serve the address. */
export class DetectionError extends Error {
  override readonly name = "DetectionError";
}

/**
 * Chooses an adapter: the one asked for, else the first of the table whose pattern the host matches. The last entry of
 * the table takes any host.
 *
 * @param asked `--repo-implementation`; `undefined` and `auto` ask for nothing.
 */
export function detectAdapter(
  adapters: readonly AdapterEntry[],
  host: string,
  asked: string | undefined,
): Detection {
  const detected = adapters.find((entry) => entry.detect(host));
  if (detected === undefined) throw new DetectionError(`no adapter serves the host ${host}`);
  const fallback = adapters.at(-1);
  if (asked === undefined || asked === "auto") {
    const because = detected === fallback ? "no other adapter claims the host" : "the host";
    return { entry: detected, because };
  }
  const entry = adapters.find(({ id }) => id === asked);
  if (entry === undefined) {
    const known = adapters.map(({ id }) => id).join(", ");
    throw new DetectionError(`unknown implementation "${asked}"; known are auto, ${known}`);
  }
  if (entry !== detected && (host === DIRECTORY_HOST || isForDirectories(entry, adapters))) {
    throw new DetectionError(
      `implementation "${asked}" cannot serve ${host}; "${detected.id}" can, so leave the choice out`,
    );
  }
  if (entry === detected || detected === fallback) return { entry, because: "asked for" };
  const warning = `${host} is a host of "${detected.id}", and "${asked}" was asked for`;
  return { entry, because: "asked for", warning };
}

function isForDirectories(entry: AdapterEntry, adapters: readonly AdapterEntry[]): boolean {
  return adapters.find(({ detect }) => detect(DIRECTORY_HOST)) === entry;
}
