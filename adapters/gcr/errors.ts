import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["GOOGLE_MANIFEST_DANGLING_TAG", "A tag came to it since; what has a tag is not removed."],
  ["GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE", "An index names it; it can go after the index."],
  // Seen on Artifact Registry with attachments.
  [
    "GOOGLE_MANIFEST_REFERRING_MANIFEST",
    "Another manifest refers to it; that one has to go first.",
  ],
]);

const IMMUTABLE_HINT =
  "Tags of this repository are immutable: they stay where they are, and only manifests without a tag can be removed.";

/**
 * Refusals by a rule of the registry. Codes: genuinetools/reg#136, gcr-cleaner#118 and #130.
 *
 * With which code a change of an immutable tag is refused is unconfirmed; the setting's name is in the words.
 */
export function asRule(error: RegistryError): RegistryError {
  const { registryCode = "", status, cause, code } = error;
  const hint = HINTS.get(registryCode) ?? (isImmutable(error) ? IMMUTABLE_HINT : undefined);
  if (hint === undefined) return error;
  return new RegistryError("conflict", error.message.replace(`: ${code} (`, ": conflict ("), {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === "" ? {} : { registryCode }),
    ...(cause === undefined ? {} : { cause }),
    hint,
  });
}

/** How a rule may show; a login that is refused, a limit and an outage are none. */
const MAY_BE_RULE: ReadonlySet<RegistryErrorCode> = new Set([
  "conflict",
  "denied",
  "invalid",
  "unsupported",
]);

/** By the registry's words alone: our own sentence, and paths in theirs, name repositories that may be called so. */
function isImmutable({ code, status, message }: RegistryError): boolean {
  if (status === undefined || !MAY_BE_RULE.has(code)) return false;
  const [, ...words] = message.split(`: ${code} (`);
  return /immutab/i.test(words.join(" ").replaceAll(/\S*\/\S*/g, ""));
}
