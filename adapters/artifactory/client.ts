import { unreadableCredentials } from "../../src/distribution/error-response.ts";
import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Addressing } from "./address.ts";
import { classify } from "./errors.ts";
import { repositoryConfiguration, searchAnswer } from "./schema.ts";
import { apiCredentials } from "./settings.ts";
import type { ApiCredentials, Settings } from "./settings.ts";

/** The API of one Artifactory. */
export interface Client {
  /** Manifests among the files that match; `criteria` is one object of the query language. */
  search(criteria: string, purpose: Purpose): Promise<readonly ManifestFile[]>;
  /** Removes a folder. `absent`: there was none, or the answer hides it; `unclear`: who answered is not known. */
  remove(path: string, purpose: Purpose): Promise<"removed" | "absent" | "unclear">;
  /** Asks for a folder back out of the trash can. */
  restore(path: string, purpose: Purpose): Promise<void>;
  /** `local`, `federated`, `remote`, `virtual`; absent where the user may not know. */
  kindOf(key: string, purpose: Purpose): Promise<string | undefined>;
  get(path: string, purpose: Purpose): Promise<NativeAnswer>;
  protocolError(path: string, purpose: Purpose, why: string): Error;
}

export type Purpose = Pick<NativeCall, "verb" | "reference" | "signal">;

export interface ManifestFile {
  /** Folder below the repository's key. */
  readonly folder: string;
  readonly isList: boolean;
  readonly digest: Digest;
  /** Bytes. */
  readonly size?: number;
  /** Milliseconds since the epoch: when it was put there, or changed. */
  readonly changedAt?: number;
}

export interface ClientOptions {
  readonly context: AdapterContext;
  readonly wire: Wire;
  readonly settings: Settings;
  readonly addressing: Pick<Addressing, "contextPath">;
  /** Name of the repository whose credentials are used, where docker's configuration holds them. */
  readonly name: string;
}

/** Source: JFrog REST APIs: "Artifactory Query Language", "Delete Item", "Restore Item from Trash Can". */
export function createClient({ context, wire, settings, addressing, name }: ClientOptions): Client {
  const { host, http } = context;
  const { apiUrl } = settings;
  const secrets = new Set<string>();
  let configured: Promise<ApiCredentials | undefined> | undefined;
  const api: NativeApi = createNativeApi({
    host,
    send: (target, request) =>
      apiUrl === undefined
        ? wire.origin.send(`${addressing.contextPath}${String(target)}`, request)
        : http.send({ ...request, url: new URL(`${apiUrl}${String(target)}`) }),
    authorize: async ({ again }) => (again ? undefined : authorization()),
    secrets: () => secrets,
    classify,
  });

  return {
    async search(criteria, purpose) {
      const call: NativeCall = {
        ...purpose,
        method: "POST",
        target: "/api/search/aql",
        headers: { "content-type": "text/plain" },
        body: new TextEncoder().encode(`items.find(${criteria}).include(${FIELDS})`),
        isQuery: true,
      };
      return readFiles(call, await api.call(call));
    },
    async remove(path, purpose) {
      const call: NativeCall = {
        ...purpose,
        method: "DELETE",
        target: `/${path}`,
        accept: [200, 202, 204, 404],
      };
      const { status } = await api.call(call);
      if (status === 204) return "removed";
      return status === 404 ? "absent" : "unclear";
    },
    async restore(path, purpose) {
      await api.call({
        ...purpose,
        method: "POST",
        target: `/api/trash/restore/${path}?to=${encodeURIComponent(path)}`,
        accept: [200, 202],
      });
    },
    async kindOf(key, purpose) {
      const { json } = await api.call({
        ...purpose,
        method: "GET",
        target: `/api/repositories/${encodeURIComponent(key)}`,
        accept: [200, 400, 401, 403, 404],
      });
      return repositoryConfiguration.safeParse(json).data?.rclass.toLowerCase();
    },
    get: (path, purpose) => api.call({ ...purpose, method: "GET", target: path }),
    protocolError: (path, purpose, why) =>
      api.protocolError({ ...purpose, method: "GET", target: path }, why),
  };

  async function authorization(): Promise<Readonly<Record<string, string>>> {
    const credentials = settings.credentials ?? (await (configured ??= readConfigured()));
    if (credentials === undefined) return {};
    for (const secret of credentials.secrets) secrets.add(secret);
    return { authorization: credentials.header };
  }

  async function readConfigured(): Promise<ApiCredentials | undefined> {
    try {
      const found = await context.credentials.find(host, name);
      return found === undefined ? undefined : apiCredentials(found);
    } catch (error) {
      const purpose = { host, verb: "search", reference: `${host}/${name}` };
      throw unreadableCredentials({ ...purpose, scrub: (text) => text }, error);
    }
  }

  function readFiles(call: NativeCall, { json }: NativeAnswer): readonly ManifestFile[] {
    const answer = searchAnswer.safeParse(json);
    if (!answer.success) throw api.protocolError(call, "the answer is no list of items");
    const { results, range } = answer.data;
    if (range.notification !== undefined || range.total !== results.length) {
      throw api.protocolError(
        call,
        `the answer is cut: ${range.notification ?? `${results.length} of ${range.total} items came`}`,
      );
    }
    return results.flatMap((item): ManifestFile[] => {
      if (item.name !== MANIFEST && item.name !== MANIFEST_LIST) return [];
      const digest = `sha256:${item.sha256 ?? ""}`;
      if (!isDigest(digest)) {
        throw api.protocolError(call, `${item.path}/${item.name} has no usable sha256`);
      }
      const times = [item.created, item.modified].map((text) => Date.parse(text ?? ""));
      const known = times.filter((time) => !Number.isNaN(time));
      return [
        {
          folder: item.path,
          isList: item.name === MANIFEST_LIST,
          digest,
          ...(item.size === undefined || Number.isNaN(item.size) ? {} : { size: item.size }),
          // The later of the two: an image counts as younger rather than as older.
          ...(known.length === 0 ? {} : { changedAt: Math.max(...known) }),
        },
      ];
    });
  }
}

export const MANIFEST = "manifest.json";
export const MANIFEST_LIST = "list.manifest.json";

/** A user who is no administrator has to ask for `repo`, `path` and `name`. */
const FIELDS = ["repo", "path", "name", "created", "modified", "size", "sha256"]
  .map((field) => JSON.stringify(field))
  .join(",");
