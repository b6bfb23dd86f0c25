import type { Content } from "../../engine/audit/content.ts";
import type { Digest } from "../../oci/digest.ts";
import { ManifestError } from "../../oci/manifest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import type { RegistryError, RegistryErrorCode } from "../../registry/error.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Home } from "../cleanup/homes.ts";
import { readSmallBlob } from "../small-blob.ts";
import { contentOf, detailsIn } from "./content.ts";

/** What reading a manifest came to; `why` is one line. */
export type Reading =
  | { readonly kind: "missing" }
  /** What comes is not what the digest says, or nothing comes but a refusal of this one. */
  | { readonly kind: "broken"; readonly why: string }
  | ({ readonly kind: "read" } & Read);

interface Read {
  readonly content: Content;
  /** That it, or its config, cannot be understood. */
  readonly why?: string;
  /** Its config, where that is not there. */
  readonly lostConfig?: Digest;
}

/** What something names is missing only when a second look says so too: registries forget for a moment. */
const LOOKS = 2;

/** What is wrong with the registry, or with who asks, and not with what was asked for. */
const OF_ALL: ReadonlySet<RegistryErrorCode> = new Set([
  "unauthorized",
  "denied",
  "rate-limited",
  "unavailable",
]);

/**
 * Reads a manifest and, where it is an image's and that is wanted, its config. Rejects with `RegistryError` only for what is
 * the trouble of the whole registry.
 */
export async function readContent(
  home: Home,
  digest: Digest,
  { withConfig, signal }: { readonly withConfig: boolean; readonly signal: AbortSignal },
): Promise<Reading> {
  const found = await readManifest(home, digest, signal);
  if (found.kind !== "there") return found;
  const { content, isImage, why } = contentOf(found.body);
  const read = { kind: "read", content, ...(why === undefined ? {} : { why }) } as const;
  if (!withConfig || !isImage || content.config === undefined) return read;
  return { kind: "read", ...(await readConfig(home, content, content.config, signal)) };
}

async function readConfig(
  { registry, repository }: Home,
  content: Content,
  config: Digest,
  signal: AbortSignal,
): Promise<Read> {
  const unreadable = { ...content, image: "unreadable" } as const;
  for (let look = 0; look < LOOKS; look += 1) {
    try {
      const bytes = await readSmallBlob(registry, repository, config, { signal });
      if (bytes === undefined) return { content: unreadable, why: "its config is too large" };
      return { content: { ...content, image: detailsIn(bytes) } };
    } catch (error) {
      if (error instanceof ManifestError) return { content: unreadable, why: error.message };
      if (!isOfOne(error)) throw error;
      if (error.code !== "not-found") return { content: unreadable, why: error.message };
    }
  }
  return { content: unreadable, lostConfig: config };
}

async function readManifest(
  { registry, repository: { host, name } }: Home,
  digest: Digest,
  signal: AbortSignal,
): Promise<
  { readonly kind: "there"; readonly body: ManifestBody } | Exclude<Reading, { kind: "read" }>
> {
  for (let look = 0; look < LOOKS; look += 1) {
    try {
      return {
        kind: "there",
        body: await registry.getManifest({ host, name, digest }, { signal }),
      };
    } catch (error) {
      if (!isOfOne(error)) throw error;
      if (error.code !== "not-found") return { kind: "broken", why: error.message };
    }
  }
  return { kind: "missing" };
}

function isOfOne(error: unknown): error is RegistryError {
  return isRegistryError(error) && !OF_ALL.has(error.code);
}
