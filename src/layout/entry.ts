import { isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

/** One line of `manifests` in index.json. */
export interface Entry {
  /** Absent: the manifest is known by its digest only. */
  readonly tag?: string;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Every other field as it was found, annotations without the tag. Absent when there is none. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** The annotation that tags an entry. Source: OCI image-spec, image-layout.md and annotations.md. */
const REF_NAME = "org.opencontainers.image.ref.name";

/**
 * Marks an entry that stands only for its digest: pushed by digest, or left when its last tag went. Such an
 * entry goes again when a tag or an index reaches the manifest; one another tool wrote never does.
 */
const HELD = "io.tidemark.held";

export function heldEntry({ mediaType, digest, size }: Entry): Entry {
  return { mediaType, digest, size, rest: { annotations: { [HELD]: "digest" } } };
}

export function isHeld(entry: Entry): boolean {
  const annotations = entry.rest?.["annotations"];
  return entry.tag === undefined && isObject(annotations) && HELD in annotations;
}

export function withoutTag({ mediaType, digest, size, rest }: Entry): Entry {
  return { mediaType, digest, size, ...(rest === undefined ? {} : { rest }) };
}

/** Reads an element of `manifests`. Answers what is wrong with it instead when it cannot be trusted. */
export function parseEntry(value: unknown): Entry | string {
  if (!isObject(value)) return "an entry is no object";
  const { mediaType, digest, size, annotations, ...others } = value;
  if (typeof digest !== "string" || !isDigest(digest)) return "an entry has no usable digest";
  if (typeof mediaType !== "string") return `the entry of ${digest} has no media type`;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    return `the entry of ${digest} has no usable size`;
  }
  if (annotations !== undefined && annotations !== null && !isObject(annotations)) {
    return `the annotations of ${digest} are no object`;
  }
  const { [REF_NAME]: tag, ...notes } = annotations ?? {};
  const rest = {
    ...others,
    ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
  };
  return {
    mediaType,
    digest,
    size,
    ...(typeof tag === "string" && tag !== "" ? { tag } : {}),
    ...(Object.keys(rest).length === 0 ? {} : { rest }),
  };
}

/** The element of `manifests` that `parseEntry` reads back. */
export function formatEntry({ tag, mediaType, digest, size, rest }: Entry): object {
  const notes = rest?.["annotations"];
  const annotations = {
    ...(isObject(notes) ? notes : {}),
    ...(tag === undefined ? {} : { [REF_NAME]: tag }),
  };
  return {
    mediaType,
    digest,
    size,
    ...rest,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
