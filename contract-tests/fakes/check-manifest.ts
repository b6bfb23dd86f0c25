import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isForeignLayer,
  isIndexType,
  isManifestType,
} from "../../src/oci/media-type.ts";
import type { Problem } from "./message.ts";
import type { RepositoryState, StoredManifest } from "./state.ts";

/** What a manifest points at, strictly read. */
export interface Pointers {
  readonly blobs: readonly Pointer[];
  readonly children: readonly Pointer[];
  readonly subject: Pointer | undefined;
  /** What a referrers descriptor shows. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

interface Pointer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** A manifest that the specification does not allow. */
export class BadManifest extends Error {
  override readonly name = "BadManifest";
}

/** Reads a manifest without any leniency. Throws `BadManifest`. */
export function readManifest({ mediaType, bytes }: StoredManifest): Pointers {
  if (!isManifestType(mediaType)) throw new BadManifest(`media type ${mediaType} is unknown`);
  const json = parse(bytes);
  if (json["schemaVersion"] !== 2) throw new BadManifest("schemaVersion is not 2");
  const isDocker = mediaType === DOCKER_MANIFEST || mediaType === DOCKER_INDEX;
  if (json["mediaType"] !== mediaType && (isDocker || json["mediaType"] !== undefined)) {
    throw new BadManifest("mediaType and Content-Type differ");
  }
  const subject = json["subject"] === undefined ? undefined : pointer(json["subject"], "subject");
  const annotations = readAnnotations(json["annotations"]);
  const artifactType = optionalText(json["artifactType"], "artifactType");
  if (isIndexType(mediaType)) {
    const children = list(json["manifests"], "manifests");
    return { blobs: [], children, subject, artifactType, annotations };
  }
  const config = pointer(json["config"], "config");
  return {
    blobs: [config, ...list(json["layers"], "layers")],
    children: [],
    subject,
    artifactType: artifactType ?? config.mediaType,
    annotations,
  };
}

/**
 * One problem for each blob or child that the repository lacks. Layers that lie elsewhere by their nature need not be there.
 *
 * Source: distribution, `registry/storage/schema2manifesthandler.go`; image-spec, "Non-distributable layers".
 */
export function missingContent(
  { blobs, children }: Pointers,
  repository: RepositoryState,
): Problem[] {
  const lacking = [
    ...blobs.filter(
      ({ digest, mediaType }) => !isForeignLayer(mediaType) && !repository.blobs.has(digest),
    ),
    ...children.filter(({ digest }) => !repository.manifests.has(digest)),
  ];
  return lacking.map(({ digest }) => ({
    code: "MANIFEST_BLOB_UNKNOWN",
    message: "blob unknown to registry",
    detail: { digest },
  }));
}

/** One problem for each descriptor whose content is there with another size. */
export function wrongSizes({ blobs, children }: Pointers, repository: RepositoryState): Problem[] {
  const stored = ({ digest }: Pointer): number | undefined =>
    repository.blobs.get(digest)?.length ?? repository.manifests.get(digest)?.bytes.length;
  return [...blobs, ...children]
    .filter((one) => (stored(one) ?? one.size) !== one.size)
    .map(({ digest }) => ({ code: "SIZE_INVALID", detail: { digest } }));
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isObject(json)) return json;
  } catch (error) {
    throw new BadManifest("not JSON", { cause: error });
  }
  throw new BadManifest("not a JSON object");
}

function list(value: unknown, field: string): Pointer[] {
  if (!Array.isArray(value)) throw new BadManifest(`${field} is no list`);
  return value.map((item, at) => pointer(item, `${field}[${at}]`));
}

function pointer(value: unknown, field: string): Pointer {
  if (!isObject(value)) throw new BadManifest(`${field} is no descriptor`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== "string" || mediaType === "") {
    throw new BadManifest(`${field} has no mediaType`);
  }
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw new BadManifest(`${field} has no usable digest`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw new BadManifest(`${field} has no usable size`);
  }
  return { mediaType, digest, size };
}

function readAnnotations(value: unknown): Pointers["annotations"] {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new BadManifest("annotations is no object");
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw new BadManifest(`annotation ${key} is no text`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new BadManifest(`${field} is no text`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
