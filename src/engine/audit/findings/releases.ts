import type { Digest } from "../../../oci/digest.ts";
import { tagSlug } from "../../../stages/slug.ts";
import { selectReferences } from "../../cleanup/references.ts";
import { NAMED_BY_PEOPLE } from "../ground.ts";
import type { Ground, Verdict } from "../ground.ts";
import type { Draft } from "./draft.ts";

/** A version without what marks it as one before its release. */
const VERSION = /^v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)$/;

export interface Release {
  readonly tag: string;
  readonly digest: Digest;
}

/**
 * The tags that are releases: those that a pattern matches; without one, versions, and names of Git tags that a keep policy
 * selects. Only names that people choose are looked at, and only what leads somewhere.
 */
export function findReleases(
  { input, missing }: Pick<Ground, "input" | "missing">,
  verdicts: ReadonlyMap<string, Verdict>,
  pattern: RegExp | undefined,
): readonly Release[] {
  const isRelease =
    pattern === undefined ? byName(input) : (tag: string) => tag.search(pattern) >= 0;
  return input.tags.flatMap(({ tag, digest }) => {
    const label = verdicts.get(tag)?.class;
    if (digest === undefined || missing.has(digest)) return [];
    if (label === undefined || !NAMED_BY_PEOPLE.has(label)) return [];
    return isRelease(tag) ? [{ tag, digest }] : [];
  });
}

function byName({ history, policies, now }: Ground["input"]): (tag: string) => boolean {
  const selected =
    history === undefined ? [] : selectReferences(policies, history.references, now).selected;
  const tags = selected.filter(({ reference }) => reference.kind === "tag");
  const names = new Set(tags.flatMap(({ reference: { name } }) => [name, tagSlug(name)]));
  return (tag) => VERSION.test(tag) || names.has(tag);
}

/** Kinds of artifacts that are signatures. Source: sigstore's and the Notary project's specifications. */
const SIGNATURE_TYPE =
  /^application\/vnd\.(?:dev\.cosign\.artifact\.sig\.|dev\.sigstore\.bundle\b|cncf\.notary\.signature$|dev\.cosign\.simplesigning\.)/;

/** Whether an artifact of this type signs what it is about. */
export function isSignatureType(type: string): boolean {
  return SIGNATURE_TYPE.test(type);
}

/**
 * Releases that nothing signs.
 *
 * @param signed Digests that are signed; see `signedByTags` for those whose signature has a tag.
 */
export function findUnsigned(
  releases: readonly Release[],
  signed: ReadonlySet<Digest>,
): readonly Draft[] {
  return releases
    .filter(({ digest }) => !signed.has(digest))
    .map(({ tag, digest }) => ({
      rule: "unsigned-release",
      subject: tag,
      message: `No signature is about ${tag} (${digest}).`,
    }));
}

const SIGNATURE_TAG = /\.sig$/;

/** What signatures with a tag of their own are about. */
export function signedByTags({ input }: Pick<Ground, "input">): ReadonlySet<Digest> {
  const signed = new Set<Digest>();
  for (const { tag, class: known, digest } of input.tags) {
    if (known.kind !== "signature" || digest === undefined || !SIGNATURE_TAG.test(tag)) continue;
    signed.add(known.subject);
  }
  return signed;
}
