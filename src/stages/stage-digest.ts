import { sha3Hash } from "./hash.ts";

/** A stage's digest: 56 hex characters over its inputs, in their order. Source: werf 2, `calculateDigest`. */
export function stageDigestOf(inputs: readonly string[]): string {
  return sha3Hash(...inputs);
}

/**
 * The digest of a multi-platform stage, which is its tag: over the stage ids of its children, ordered by platform, so
 * that the same children always make the same tag. Source: werf 2, `multiplatform_image.go`.
 *
 * @param children Each of another platform, as `formatPlatform` writes it.
 */
export function indexDigestOf(
  children: readonly { readonly platform: string; readonly stageId: string }[],
): string {
  const ordered = children.toSorted((a, b) => (a.platform < b.platform ? -1 : 1));
  return stageDigestOf(ordered.map(({ stageId }) => stageId));
}
