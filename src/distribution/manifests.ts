import { hasDigest, digestOf, isDigest, splitDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { sniffMediaType } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { MANIFEST_TYPES, isManifestType } from "../oci/media-type.ts";
import { formatReference } from "../oci/reference.ts";
import type { Reference } from "../oci/reference.ts";
import { RegistryError } from "../registry/error.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import type { Answer, Call, Connection } from "./connection.ts";
import { registryCodes } from "./error-response.ts";
import { manifestPath } from "./paths.ts";

/** The distribution-spec asks registries for 4 MiB at least; some take more, none takes as much as this. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };

export interface Manifests {
  readonly resolve: Registry["resolve"];
  readonly getManifest: Registry["getManifest"];
  /** As `getManifest`; `undefined` when the reference points at nothing. */
  findManifest(reference: Reference, options?: CallOptions): Promise<ManifestBody | undefined>;
  readonly putManifest: Registry["putManifest"];
}

export function createManifests(connection: Connection): Manifests {
  /** A server whose HEAD lacks what a descriptor needs is asked with GET from then on. */
  let headTellsAll = true;

  return {
    async resolve(reference, options = {}) {
      if (headTellsAll) {
        const found = await head(reference, options);
        if (typeof found !== "string") return found;
        if (found === "incomplete") headTellsAll = false;
      }
      const manifest = await findManifest(reference, options);
      if (manifest === undefined) return undefined;
      const { mediaType, digest, bytes } = manifest;
      return { mediaType, digest, size: bytes.byteLength };
    },
    async getManifest(reference, options = {}) {
      const call = { ...callFor("GET", reference, options), accept: [200, 404] };
      const answer = await connection.read(call, MAX_MANIFEST_BYTES);
      if (answer.status === 200) return bodyOf(call, reference, answer);
      throw absence(call, answer);
    },
    findManifest,
    putManifest,
  };

  async function findManifest(
    reference: Reference,
    options: CallOptions = {},
  ): Promise<ManifestBody | undefined> {
    const call = { ...callFor("GET", reference, options), accept: [200, 404] };
    const answer = await connection.read(call, MAX_MANIFEST_BYTES);
    if (answer.status === 200) return bodyOf(call, reference, answer);
    const error = absence(call, answer);
    if (error.code === "not-found") return undefined;
    throw error;
  }

  /** The error of a 404. One that no registry wrote, as of a proxy whose registry is not up, proves nothing. */
  function absence(call: Call, answer: Answer): RegistryError {
    const isOwn =
      registryCodes(answer.body).length > 0 ||
      answer.headers["docker-distribution-api-version"] !== undefined;
    return isOwn
      ? connection.refusal(call, answer)
      : connection.protocolError(call, "a 404 that is not in the registry's format");
  }

  async function head(
    reference: Reference,
    options: CallOptions,
  ): Promise<Descriptor | "incomplete" | "unclear"> {
    const call = { ...callFor("HEAD", reference, options), accept: [200, 404, 405, 501] };
    const response = await connection.send(call);
    await response.discard();
    // Without a body nobody can tell whose 404 it is.
    if (response.status === 404) return "unclear";
    if (response.status !== 200) return "incomplete";
    const { headers } = response;
    const digest = headers["docker-content-digest"];
    const size = Number(headers["content-length"] ?? Number.NaN);
    if (digest === undefined || !isDigest(digest)) return "incomplete";
    if (!Number.isSafeInteger(size)) return "incomplete";
    const mediaType = headers["content-type"]?.split(";")[0]?.trim() ?? "";
    if (!isManifestType(mediaType)) return "unclear";
    if ("digest" in reference && contradicts(reference.digest, digest)) {
      throw connection.protocolError(call, `the registry answers with ${digest}`);
    }
    return { mediaType, digest: "digest" in reference ? reference.digest : digest, size };
  }

  /** The manifest of an answer, its bytes held against the digest asked for and the one announced. */
  function bodyOf(call: Call, reference: Reference, { headers, body }: Answer): ManifestBody {
    const announced = headers["docker-content-digest"];
    const known = [
      ...("digest" in reference ? [reference.digest] : []),
      ...(announced !== undefined && isDigest(announced) ? [announced] : []),
    ];
    for (const digest of known) {
      if (hasDigest(body, digest)) continue;
      throw connection.protocolError(call, `the manifest's bytes do not hash to ${digest}`);
    }
    const mediaType = sniffMediaType(body, headers["content-type"]);
    if (mediaType === undefined || !isJsonType(mediaType)) {
      throw connection.protocolError(call, "the answer is no manifest");
    }
    return { mediaType, digest: known[0] ?? digestOf(body), bytes: body };
  }

  async function putManifest(
    reference: Reference,
    body: Pick<ManifestBody, "mediaType" | "bytes">,
    options: CallOptions = {},
  ): Promise<Descriptor> {
    const { mediaType, bytes } = body;
    const text = formatReference(reference);
    if ("digest" in reference && !hasDigest(bytes, reference.digest)) {
      throw new RegistryError(
        "invalid",
        `${reference.host}: cannot store ${text}: invalid (the bytes do not hash to this digest)`,
      );
    }
    const call: Call = {
      ...callFor("PUT", reference, options),
      access: { name: reference.name, right: "push" },
      verb: "store",
      headers: { "content-type": mediaType },
      body: bytes,
      accept: [200, 201, 202, 204],
    };
    const response = await connection.send(call);
    await response.discard();
    const stored = response.headers["docker-content-digest"];
    if (stored !== undefined && isDigest(stored) && !hasDigest(bytes, stored)) {
      throw connection.protocolError(call, `the registry stored it as ${stored}`);
    }
    const digest = "digest" in reference ? reference.digest : digestOf(bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }
}

/** Whether two digests of one content cannot both be right; of two algorithms nobody can tell. */
function contradicts(one: Digest, other: Digest): boolean {
  return splitDigest(one)[0] === splitDigest(other)[0] && one !== other;
}

/** Manifest types of any age end in JSON; a proxy's page does not. */
function isJsonType(mediaType: string): boolean {
  return isManifestType(mediaType) || /json|prettyjws/.test(mediaType);
}

function callFor(method: "GET" | "HEAD" | "PUT", reference: Reference, options: CallOptions): Call {
  return {
    method,
    target: manifestPath(reference),
    access: { name: reference.name, right: "pull" },
    verb: method === "HEAD" ? "resolve" : "read",
    reference: formatReference(reference),
    headers: ACCEPT,
    signal: options.signal,
  };
}
