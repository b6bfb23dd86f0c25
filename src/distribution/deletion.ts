import { randomBytes } from "node:crypto";
import { formatReference } from "../oci/reference.ts";
import type { Reference, Repository } from "../oci/reference.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import { RegistryError } from "../registry/error.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";
import { attempt, deletionOutcome, tagOutcome } from "./attempt.ts";
import type { Answer, Call, Connection } from "./connection.ts";
import { registryCodes } from "./error-response.ts";
import type { Manifests } from "./manifests.ts";
import { manifestPath } from "./paths.ts";
import { settleAll } from "./settle.ts";

type TagDeletion = Capabilities["tagDeletion"];

export interface Deletion {
  readonly deleteTags: Registry["deleteTags"];
  readonly deleteManifests: Registry["deleteManifests"];
  /** Whether this server removes a tag alone, found out once with a tag that nobody has. */
  learn(repository: Repository, options?: CallOptions): Promise<TagDeletion>;
}

export function createDeletion(
  connection: Connection,
  manifests: Pick<Manifests, "findManifest">,
  capabilities: Capabilities,
): Deletion {
  let tagDeletion = capabilities.tagDeletion;

  return {
    async *deleteTags(repository, tags, options = {}) {
      const { host, name } = repository;
      if (tagDeletion === "none") throw unsupported(repository, "tags alone");
      yield* settleAll(tags, async (tag) =>
        tagOutcome(tag, await attempt(options, () => deleteOne({ host, name, tag }, options))),
      );
    },

    async *deleteManifests(repository, digests, options = {}) {
      const { host, name } = repository;
      if (capabilities.manifestDeletion === "none") throw unsupported(repository, "manifests");
      yield* settleAll(digests, async (digest) => {
        const error = await attempt(options, () => deleteOne({ host, name, digest }, options));
        return deletionOutcome(digest, error);
      });
    },

    async learn(repository, options = {}) {
      if (tagDeletion === "probe") tagDeletion = await probe(repository, options);
      return tagDeletion;
    },
  };

  /** `undefined` when it is gone. */
  async function deleteOne(
    reference: Reference,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const call = callFor(reference, options);
    const answer = await connection.read(call, MAX_ANSWER_BYTES);
    if (DELETED.includes(answer.status)) {
      return isPage(answer) ? connection.protocolError(call, PAGE) : undefined;
    }
    const refusal = connection.refusal(call, answer);
    if (refusal.code === "not-found") {
      // Who lacks the right, or asks a server without this operation, may get the same answer.
      const isThere = (await manifests.findManifest(reference, options)) !== undefined;
      return isThere ? asHidden(refusal) : undefined;
    }
    return "tag" in reference ? asUnsupported(refusal) : refusal;
  }

  /**
   * Deletes a tag that cannot exist: only a server that looks for the tag itself answers that it is not there.
   * Changes nothing.
   */
  async function probe(
    repository: Repository,
    options: CallOptions,
  ): Promise<"distribution" | "none"> {
    const { host, name } = repository;
    const tag = `tidemark-probe-${randomBytes(PROBE_BYTES).toString("hex")}`;
    const call = callFor({ host, name, tag }, options);
    const answer = await connection.read({ ...call, accept: ANY_ANSWER }, MAX_ANSWER_BYTES);
    const isFromRegistry = answer.body.byteLength === 0 || registryCodes(answer.body).length > 0;
    const code = connection.refusal(call, answer).code;
    return answer.status === 404 && code === "not-found" && isFromRegistry
      ? "distribution"
      : "none";
  }

  function unsupported({ host, name }: Repository, what: string): RegistryError {
    return new RegistryError(
      "unsupported",
      `${host}: cannot delete ${what} in ${host}/${name}: unsupported (this registry does not)`,
    );
  }
}

/** 106 characters of chance. */
const PROBE_BYTES = 53;
const MAX_ANSWER_BYTES = 1024 * 1024;
const DELETED: readonly number[] = [200, 202, 204];
/** Refusals that say something about one item or about the server, not about our being let in. */
const REFUSED: readonly number[] = [400, 404, 405];
const ANY_ANSWER: readonly number[] = [...DELETED, ...REFUSED, 401, 403, 409, 412, 422, 501];

const PAGE = "a page for people came instead of an answer, so nobody knows whether it was deleted";

/** What a proxy that wants somebody to log in answers with, whatever it was asked. */
function isPage({ headers }: Answer): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}

/** Servers without this operation take the tag for a digest and call it malformed. */
function asUnsupported(refusal: RegistryError): RegistryError {
  if (refusal.code !== "invalid" || refusal.status !== 400) return refusal;
  const { status, registryCode, cause } = refusal;
  return new RegistryError(
    "unsupported",
    refusal.message.replace(": invalid (", ": unsupported ("),
    {
      status,
      ...(registryCode === undefined ? {} : { registryCode }),
      cause,
      hint: "This registry removes tags only together with their manifest.",
    },
  );
}

/** A 404 for what is there all the same. */
function asHidden(refusal: RegistryError): RegistryError {
  const { status, registryCode, cause } = refusal;
  return new RegistryError(
    "denied",
    refusal.message.replace(": not-found (", ": denied (it is still there, though the answer was "),
    {
      ...(status === undefined ? {} : { status }),
      ...(registryCode === undefined ? {} : { registryCode }),
      cause,
      hint: "Registries hide by a 404 what the credentials may not delete; ask for the right, or use others.",
    },
  );
}

function callFor(reference: Reference, options: CallOptions): Call {
  return {
    method: "DELETE",
    target: manifestPath(reference),
    access: { name: reference.name, right: "delete" },
    verb: "delete",
    reference: formatReference(reference),
    accept: [...DELETED, ...REFUSED],
    signal: options.signal,
  };
}
