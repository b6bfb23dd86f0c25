import {
  refusalError,
  transportFailure,
  unreadableCredentials,
} from "../../src/distribution/error-response.ts";
import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { basicHeader } from "../../src/distribution/token.ts";
import { HttpError } from "../../src/http/client.ts";
import type { HttpRequest, HttpResponse } from "../../src/http/client.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { AdapterContext, Credentials } from "../../src/registry/adapter.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { classify } from "./errors.ts";
import { component, componentPage, repositoryInfo } from "./schema.ts";
import type { Settings } from "./settings.ts";

/** The REST API of one Nexus, as the credentials of one repository may use it. */
export interface Client {
  /** Components by a path with its query, page by page; each page once. */
  components(path: string, purpose: Purpose): AsyncGenerator<Component>;
  /** `undefined`: there is none, or the user may not see it. */
  component(id: string, purpose: Purpose): Promise<Component | undefined>;
  /** Removes one tag. `unclear`: who answered is not known. */
  remove(id: string, purpose: Purpose): Promise<"removed" | "absent" | "unclear">;
  /** `docker` and `oci` hold images; `undefined`: no such repository, or not for this user. */
  formatOf(repository: string, purpose: Purpose): Promise<string | undefined>;
  get(path: string, purpose: Purpose): Promise<NativeAnswer>;
  protocolError(path: string, purpose: Purpose, why: string): Error;
}

export type Purpose = Pick<NativeCall, "verb" | "reference" | "signal">;

export interface Component {
  readonly id: string;
  readonly repository: string;
  readonly image: string;
  readonly tag: string;
  /** Of the manifest. Absent where it is not told. */
  readonly digest?: Digest;
  readonly mediaType?: string;
  /** Bytes of the manifest. */
  readonly size?: number;
  /** Milliseconds since the epoch. */
  readonly pushedAt?: number;
}

/** Sends below the address of the API. */
export type Send = (
  target: string | URL,
  request: Omit<HttpRequest, "url">,
) => Promise<HttpResponse>;

/**
 * Where the API is: at the option's address, else on the host itself. `undefined`: a port that serves images only.
 */
export async function findApi(
  { host, http }: AdapterContext,
  { origin }: Wire,
  { apiUrl }: Settings,
  { signal }: CallOptions = {},
): Promise<Send | undefined> {
  if (apiUrl !== undefined) {
    return (target, request) =>
      http.send({ ...request, url: new URL(`${apiUrl}${String(target)}`) });
  }
  const purpose = { host, verb: "find the API of", reference: host, scrub: unchanged };
  try {
    // The status page takes no credentials.
    const response = await origin.send("/service/rest/v1/status", { method: "GET", signal });
    const body = await response.bytes(MAX_ANSWER_BYTES);
    const { status, headers } = response;
    if (status >= 500 || status === 429) throw refusalError(purpose, { status, body });
    const isPage = headers["content-type"]?.includes("html") === true;
    return status === 200 && !isPage ? origin.send : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof HttpError ? transportFailure(purpose, error) : error;
  }
}

const MAX_ANSWER_BYTES = 1024 * 1024;

/** No secret was sent. */
function unchanged(text: string): string {
  return text;
}

/** Source: the API's description, `/service/rest/swagger.json`, of 3.96. */
export function createClient(
  { host, credentials }: Pick<AdapterContext, "host" | "credentials">,
  send: Send,
  repositoryName: string,
): Client {
  const secrets = new Set<string>();
  let header: Promise<string | undefined> | undefined;
  const api: NativeApi = createNativeApi({
    host,
    send,
    authorize: async ({ again }) => {
      if (again) return undefined;
      const authorization = await (header ??= readHeader());
      return authorization === undefined ? {} : { authorization };
    },
    secrets: () => secrets,
    classify,
  });

  return {
    async *components(path, purpose) {
      const seen = new Set<string>();
      let token: string | undefined;
      do {
        const more = token === undefined ? "" : `&continuationToken=${encodeURIComponent(token)}`;
        const call: NativeCall = { ...purpose, method: "GET", target: `${path}${more}` };
        const page = componentPage.safeParse((await api.call(call)).json);
        if (!page.success) throw api.protocolError(call, "the answer is no list of components");
        for (const item of page.data.items) {
          const read = readComponent(item);
          if (read !== undefined) yield read;
        }
        token = page.data.continuationToken ?? undefined;
        if (token !== undefined && seen.has(token)) {
          throw api.protocolError(call, "the pages go round in a circle");
        }
        if (token !== undefined) seen.add(token);
      } while (token !== undefined);
    },
    async component(id, purpose) {
      const call = callFor(`/service/rest/v1/components/${encodeURIComponent(id)}`, purpose);
      const { status, json } = await api.call({ ...call, accept: [200, 404, 422] });
      if (status !== 200) return undefined;
      const item = component.safeParse(json);
      if (!item.success) throw api.protocolError(call, "the answer is no component");
      return readComponent(item.data);
    },
    async remove(id, purpose) {
      const target = `/service/rest/v1/components/${encodeURIComponent(id)}`;
      const accept = [200, 202, 204, 404, 422];
      const { status } = await api.call({ ...purpose, method: "DELETE", target, accept });
      if (status === 204) return "removed";
      return status === 404 || status === 422 ? "absent" : "unclear";
    },
    async formatOf(name, purpose) {
      const call = callFor(`/service/rest/v1/repositories/${encodeURIComponent(name)}`, purpose);
      const { json } = await api.call({ ...call, accept: [200, 401, 403, 404] });
      return repositoryInfo.safeParse(json).data?.format;
    },
    get: (path, purpose) => api.call(callFor(path, purpose)),
    protocolError: (path, purpose, why) => api.protocolError(callFor(path, purpose), why),
  };

  async function readHeader(): Promise<string | undefined> {
    let found: Credentials | undefined;
    try {
      found = await credentials.find(host, repositoryName);
    } catch (error) {
      const reference = `${host}/${repositoryName}`;
      throw unreadableCredentials({ host, verb: "list", reference, scrub: unchanged }, error);
    }
    if (found === undefined) return undefined;
    if (found.kind !== "password") return `Bearer ${remember(found.token)}`;
    remember(found.password);
    return `Basic ${remember(basicHeader(found).slice("Basic ".length))}`;
  }

  function remember(secret: string): string {
    secrets.add(secret);
    return secret;
  }
}

function callFor(target: string, purpose: Purpose): NativeCall {
  return { ...purpose, method: "GET", target };
}

/** `undefined` for what is no tag of an image. */
function readComponent(item: typeof component._output): Component | undefined {
  const { id, repository, name, version, assets } = item;
  if (typeof version !== "string" || version === "") return undefined;
  const manifest = assets.find(({ path }) => path.endsWith(`/manifests/${version}`));
  const digest = `sha256:${manifest?.checksum?.sha256 ?? ""}`;
  const pushedAt = Date.parse(manifest?.lastModified ?? "");
  const { contentType, fileSize } = manifest ?? {};
  return {
    id,
    repository,
    image: name,
    tag: version,
    ...(isDigest(digest) ? { digest } : {}),
    ...(typeof contentType === "string" ? { mediaType: contentType } : {}),
    ...(typeof fileSize === "number" ? { size: fileSize } : {}),
    ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
  };
}
