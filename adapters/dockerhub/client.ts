import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Namespace, Repository, TagReference } from "../../src/oci/reference.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { classify } from "./errors.ts";
import { repositoryPageSchema, repositorySchema, tagPageSchema } from "./schema.ts";
import type { RepositoryPage, RepositorySettings, TagPage } from "./schema.ts";
import { createSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";

/** The calls of the Hub API that are used here. All reject with `RegistryError`. */
export interface HubClient {
  /** `undefined` where the Hub knows no such repository, or has no such page any more. */
  tagPage(repository: Repository, page: number, options: CallOptions): Promise<TagPage | undefined>;
  /** `undefined` where the Hub knows no such namespace. */
  repositoryPage(
    namespace: Namespace,
    page: number,
    options: CallOptions,
  ): Promise<RepositoryPage | undefined>;
  /** `undefined` where the Hub knows no such repository. */
  repository(repository: Repository, options: CallOptions): Promise<RepositorySettings | undefined>;
  /** What became of a tag; a refusal is a value, for whoever knows what it means. */
  deleteTag(
    reference: TagReference,
    options: CallOptions,
  ): Promise<"deleted" | "absent" | RegistryError>;
  /** An answer about a repository that makes no sense. */
  nonsense(repository: Repository, why: string): RegistryError;
}

/** The most that a page holds. Source: Hub API reference. */
const PAGE_SIZE = 100;

export function createHubClient(options: SessionOptions): HubClient {
  const { host, send } = options;
  const api = createNativeApi({ host, send, classify, ...createSession(options) });

  return {
    tagPage: (repository, page, { signal }) =>
      readPage(
        { ...listing(repository), target: `${below(repository)}/tags?${pageQuery(page)}`, signal },
        tagPageSchema.safeParse,
      ),
    repositoryPage: (namespace, page, { signal }) =>
      readPage(
        {
          method: "GET",
          target: `/v2/namespaces/${encodeURIComponent(namespace.name)}/repositories?${pageQuery(page)}`,
          verb: "list repositories of",
          reference: formatRepository(namespace),
          signal,
        },
        repositoryPageSchema.safeParse,
      ),
    repository: (repository, { signal }) =>
      readPage(
        {
          method: "GET",
          target: below(repository),
          verb: "read the settings of",
          reference: formatRepository(repository),
          signal,
        },
        repositorySchema.safeParse,
      ),
    async deleteTag(reference, { signal }) {
      const [namespace = "", name = ""] = reference.name.split("/").map(encodeURIComponent);
      const call: NativeCall = {
        method: "DELETE",
        // Not in the published reference; what the company's own tool sends: docker/hub-tool.
        target: `/v2/repositories/${namespace}/${name}/tags/${encodeURIComponent(reference.tag)}/`,
        verb: "delete",
        reference: formatReference(reference),
        accept: [...DELETED, ...REFUSED],
        signal,
      };
      const answer = await api.call(call);
      if (DELETED.includes(answer.status)) {
        return isPage(answer) ? api.protocolError(call, PAGE) : "deleted";
      }
      return answer.status === 404 && isOwn(answer) ? "absent" : api.refusal(call, answer);
    },
    nonsense: (repository, why) => api.protocolError(listing(repository), why),
  };

  async function readPage<T>(call: NativeCall, parse: Parse<T>): Promise<T | undefined> {
    const answer = await api.call({ ...call, accept: [200, 404] });
    if (answer.status === 404) return refuseForeign(call, answer, api);
    const parsed = parse(answer.json);
    if (parsed.success) return parsed.data;
    throw api.protocolError(call, "the answer is not in the Hub's format", { cause: parsed.error });
  }
}

type Parse<T> = (
  json: unknown,
) =>
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: unknown };

const DELETED: readonly number[] = [200, 202, 204];
/** Refusals of one tag. */
const REFUSED: readonly number[] = [400, 403, 404, 405, 409, 412, 422, 423];

const PAGE = "a page for people came instead of an answer, so nobody knows whether it was deleted";

/** What a proxy that wants somebody to log in answers with, whatever it was asked. */
function isPage({ headers }: NativeAnswer): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}

/** A 404 that the Hub did not write, as of a proxy whose server is not up, proves nothing. */
function refuseForeign(call: NativeCall, answer: NativeAnswer, api: NativeApi): undefined {
  if (isOwn(answer)) return undefined;
  throw api.protocolError(call, "a 404 that is not in the Hub's format");
}

/** Refusals of the Hub are JSON objects with a `message`, older ones with a `detail`. */
function isOwn({ json }: NativeAnswer): boolean {
  return typeof json === "object" && json !== null && ("message" in json || "detail" in json);
}

function listing(repository: Repository): Omit<NativeCall, "target"> & { readonly target: string } {
  return {
    method: "GET",
    target: below(repository),
    verb: "list tags of",
    reference: formatRepository(repository),
  };
}

function below({ name }: Repository): string {
  const [namespace = "", repository = ""] = name.split("/").map(encodeURIComponent);
  return `/v2/namespaces/${namespace}/repositories/${repository}`;
}

function pageQuery(page: number): string {
  return `page=${page}&page_size=${PAGE_SIZE}`;
}
