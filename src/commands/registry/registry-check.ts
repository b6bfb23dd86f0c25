import type { Repository } from "../../oci/reference.ts";
import type { Greeting } from "../../registry/adapter.ts";
import type { Detection } from "../../registry/detect.ts";
import type { RightState, Rights } from "../../registry/registry.ts";
import type { RegistryDeps } from "../deps.ts";
import { requireAnswer } from "./registry-detect.ts";

export interface CheckResult {
  readonly detection: Detection;
  /** How the host asks who is there, as `WWW-Authenticate` spells it. Empty: it lets anybody in. Absent: not asked. */
  readonly authentication?: readonly string[];
  readonly rights: Rights;
  /** What a cleanup cannot do without. */
  readonly lacking: readonly Lack[];
}

export interface Lack {
  readonly right: NeededRight;
  readonly state: Exclude<RightState, { readonly status: "granted" }>;
}

type NeededRight = (typeof NEEDED)[number];

/** What a cleanup needs; that its own record cannot be pushed is only a warning. */
const NEEDED = ["list", "read", "delete"] as const;

/** Tries what credentials are good for, without changing anything that lasts. Rejects when the host does not answer. */
export async function runRegistryCheck(
  { repository }: { readonly repository: Repository },
  deps: RegistryDeps,
): Promise<CheckResult> {
  const detection = await deps.detect(repository, "ambiguous");
  await requireAnswer(detection, repository, deps);
  await using registry = await deps.openRegistry(repository);
  const rights = await registry.checkRights(repository, { signal: deps.signal });
  const { greeting } = detection;
  return {
    detection,
    ...(greeting === undefined ? {} : { authentication: schemesOf(greeting) }),
    rights,
    lacking: NEEDED.flatMap((right) => lackOf(right, rights[right])),
  };
}

/** A deletion that shows only when it is tried is no obstacle; a listing that could not be read is one. */
function lackOf(right: NeededRight, state: RightState): Lack[] {
  if (state.status === "granted") return [];
  return state.status === "unknown" && right === "delete" ? [] : [{ right, state }];
}

function schemesOf({ challenges }: Greeting): string[] {
  const schemes = challenges.map((challenge) => challenge.trim().split(/\s/, 1)[0] ?? "");
  return [...new Set(schemes.filter((scheme) => scheme !== ""))];
}
