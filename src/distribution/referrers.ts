import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { ManifestError, parseManifest } from "../oci/manifest.ts";
import { OCI_INDEX } from "../oci/media-type.ts";
import { formatReference } from "../oci/reference.ts";
import type { DigestReference, Repository } from "../oci/reference.ts";
import { referrersTag } from "../oci/referrers-tag.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import type { Call, Connection } from "./connection.ts";
import { registryCodes } from "./error-response.ts";
import { nextPageQuery } from "./link-header.ts";
import type { Manifests } from "./manifests.ts";
import { referrersPath } from "./paths.ts";

type Support = "api" | "fallback-tag";

export interface Referrers {
  readonly listReferrers: Registry["listReferrers"];
  /** How this server tells referrers, found out once with a digest that nothing has. */
  learn(repository: Repository, options?: CallOptions): Promise<Support>;
}

/** A page of referrers is an index like any other. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

const NOTHING: Digest = `sha256:${"0".repeat(64)}`;

export function createReferrers(
  connection: Connection,
  manifests: Manifests,
  capability: Capabilities["referrers"],
): Referrers {
  let known: Support | undefined = capability === "probe" ? undefined : capability;

  return {
    async *listReferrers(subject, options = {}) {
      if (known !== "fallback-tag") {
        const first = await readPage(subject, "", options);
        if (first !== undefined) return yield* pages(subject, first, options);
      }
      yield* taggedReferrers(subject, options);
    },
    async learn({ host, name }, options = {}) {
      if (known !== undefined) return known;
      const page = await readPage({ host, name, digest: NOTHING }, "", options);
      return known ?? (page === undefined ? "fallback-tag" : "api");
    },
  };

  async function* pages(
    subject: DigestReference,
    first: Page,
    options: CallOptions,
  ): AsyncGenerator<Descriptor> {
    const seen = new Set<string>();
    const queries = new Set<string>();
    let page: Page | undefined = first;
    while (page !== undefined) {
      for (const descriptor of page.descriptors) {
        if (seen.has(descriptor.digest)) continue;
        seen.add(descriptor.digest);
        yield descriptor;
      }
      const { next } = page;
      if (next === undefined) return;
      const call = callFor(subject, next, options);
      if (next === "" || queries.has(next)) {
        throw connection.protocolError(call, "the pages go round in a circle");
      }
      queries.add(next);
      page = await readPage(subject, next, options);
      if (page === undefined) throw connection.protocolError(call, "a page is missing");
    }
  }

  /** `undefined`: the server has no such endpoint, or no such repository. */
  async function readPage(
    subject: DigestReference,
    query: string,
    options: CallOptions,
  ): Promise<Page | undefined> {
    const call = callFor(subject, query, options);
    const answer = await connection.read(call, MAX_PAGE_BYTES);
    if (answer.status === 200) {
      known ??= "api";
      return {
        descriptors: readIndex(call, answer.body),
        next: nextPageQuery(answer.headers["link"], answer.url),
      };
    }
    const refusal = connection.refusal(call, answer);
    if (refusal.code !== "not-found" && refusal.code !== "unsupported") throw refusal;
    // A repository that is not there says nothing about the endpoint.
    if (!registryCodes(answer.body).includes("NAME_UNKNOWN")) known ??= "fallback-tag";
    return undefined;
  }

  function readIndex(call: Call, body: Uint8Array): readonly Descriptor[] {
    try {
      const manifest = parseManifest({ mediaType: OCI_INDEX, bytes: body });
      return manifest.kind === "index" ? manifest.children : [];
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw connection.protocolError(call, error.message, { cause: error });
    }
  }

  async function* taggedReferrers(
    subject: DigestReference,
    options: CallOptions,
  ): AsyncGenerator<Descriptor> {
    const { host, name } = subject;
    const manifest = await manifests.findManifest(
      { host, name, tag: referrersTag(subject.digest) },
      options,
    );
    if (manifest !== undefined) yield* readIndex(callFor(subject, "", options), manifest.bytes);
  }
}

interface Page {
  readonly descriptors: readonly Descriptor[];
  /** See `nextPageQuery`. */
  readonly next: string | undefined;
}

function callFor(subject: DigestReference, query: string, options: CallOptions): Call {
  return {
    method: "GET",
    target: `${referrersPath(subject, subject.digest)}${query}`,
    access: { name: subject.name, right: "pull" },
    verb: "list referrers of",
    reference: formatReference(subject),
    headers: { accept: OCI_INDEX },
    accept: [200, 400, 404, 405, 501],
    signal: options.signal,
  };
}
