import { ARCHIVE_HOST, DIRECTORY_HOST, isInFiles } from "../oci/reference.ts";
import type { AdapterEntry, Greeting } from "./adapter.ts";
import type { Look } from "./look.ts";

/** The adapter for a host, and why it is that one. */
export interface Detection {
  readonly entry: AdapterEntry;
  readonly because: Because;
  /** When the choice contradicts what the host proves. */
  readonly warning?: string;
  /** Absent: the host was not asked, or gave no answer. */
  readonly greeting?: Greeting;
}

export type Because =
  | "asked for"
  | "the host"
  | "its first answer"
  | "a page of its own"
  | "no other adapter claims the host"
  | "the host does not answer";

/** An implementation that does not exist, or cannot serve the address. */
export class DetectionError extends Error {
  override readonly name = "DetectionError";
}

export interface DetectionRequest {
  readonly host: string;
  /** `--repo-implementation`; absent and `auto` ask for nothing. */
  readonly asked?: string | undefined;
  /** The way to the host. Absent: no server is asked. */
  readonly look?: Look | undefined;
  /** Whose pages are read: of adapters that the first answer leaves in doubt, or of all. Default: `ambiguous`. */
  readonly probes?: "ambiguous" | "all";
}

/**
 * Chooses an adapter: the one asked for, else the first of the table whose pattern the host matches, else the one that the
 * host's first answer or its pages prove. The last entry of the table takes any host, one that does not answer too: what
 * is wrong with it is told by the first request that is meant.
 */
export async function detectAdapter(
  adapters: readonly AdapterEntry[],
  { host, asked, look, probes = "ambiguous" }: DetectionRequest,
): Promise<Detection> {
  const claimed = adapters.find((entry) => entry.detect(host));
  if (claimed === undefined) throw new DetectionError(`no adapter serves the host ${host}`);
  const fallback = adapters.at(-1);
  if (asked !== undefined && asked !== "auto") {
    return askedFor(asked, { adapters, host, claimed, isProved: claimed !== fallback });
  }
  if (claimed !== fallback) return { entry: claimed, because: "the host" };
  if (look === undefined) return { entry: claimed, because: "no other adapter claims the host" };

  const greeting = await look.greet(host);
  if (greeting === undefined) return { entry: claimed, because: "the host does not answer" };
  const found = await recognise(adapters, { host, greeting, look, probes });
  return {
    ...(found ?? { entry: claimed, because: "no other adapter claims the host" }),
    greeting,
  };
}

/** By the first answer where it leaves no doubt, else by the first page that proves an implementation. */
async function recognise(
  adapters: readonly AdapterEntry[],
  {
    host,
    greeting,
    look,
    probes,
  }: Required<Omit<DetectionRequest, "asked">> & {
    readonly greeting: Greeting;
    readonly look: Look;
  },
): Promise<Pick<Detection, "entry" | "because"> | undefined> {
  const signs = new Map(adapters.map((entry) => [entry, entry.recognise?.(greeting, host)]));
  const sure = adapters.find((entry) => signs.get(entry) === "sure");
  if (sure !== undefined) return { entry: sure, because: "its first answer" };
  const inDoubt = adapters.filter((entry) => signs.get(entry) === "maybe");
  const others = adapters.filter((entry) => signs.get(entry) === undefined);
  for (const entry of probes === "all" ? [...inDoubt, ...others] : inDoubt) {
    if ((await entry.probe?.(look.ask(host))) === true) {
      return { entry, because: "a page of its own" };
    }
  }
  return undefined;
}

interface Choice {
  readonly adapters: readonly AdapterEntry[];
  readonly host: string;
  /** The one whose pattern the host matches. */
  readonly claimed: AdapterEntry;
  /** Whether that pattern says anything. */
  readonly isProved: boolean;
}

function askedFor(asked: string, { adapters, host, claimed, isProved }: Choice): Detection {
  const entry = adapters.find(({ id }) => id === asked);
  if (entry === undefined) {
    const known = adapters.map(({ id }) => id).join(", ");
    throw new DetectionError(`unknown implementation "${asked}"; known are auto, ${known}`);
  }
  if (entry !== claimed && (isInFiles({ host }) || isForFiles(entry))) {
    throw new DetectionError(
      `implementation "${asked}" cannot serve ${host}; "${claimed.id}" can, so leave the choice out`,
    );
  }
  if (entry === claimed || !isProved) return { entry, because: "asked for" };
  const warning = `${host} is a host of "${claimed.id}", and "${asked}" was asked for`;
  return { entry, because: "asked for", warning };
}

/** Whether an adapter serves files; what fits any host does not. */
function isForFiles({ detect }: AdapterEntry): boolean {
  return [DIRECTORY_HOST, ARCHIVE_HOST].some(detect) && !detect("registry.invalid");
}
