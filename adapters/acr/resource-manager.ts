import { createNativeApi } from "../../src/distribution/native-api.ts";
import type {
  Classified,
  NativeAnswer,
  NativeCall,
  NativeRefusal,
} from "../../src/distribution/native-api.ts";
import { isLoopback } from "../../src/distribution/origin.ts";
import type { DigestReference } from "../../src/oci/reference.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { detectAcr } from "./detect.ts";
import { cloudOf, findEntra } from "./entra.ts";
import type { Entra } from "./entra.ts";
import { operationSchema, problemSchema } from "./schema.ts";

/** The registry as a resource of Azure: what its own data plane has no call for. */
export interface ResourceManager {
  /**
   * Copies a manifest with its blobs and, of an index, its children; resolves when the service says that it is done. Referrers do
   * not come along.
   *
   * @param call.tags Set in the target whatever they were on before; with none the manifest is stored without.
   */
  importImage(call: ImportCall): Promise<void>;
}

interface ImportCall {
  readonly from: DigestReference;
  /** Name of the repository that is copied into. */
  readonly target: string;
  readonly tags: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Source: Azure/azure-rest-api-specs, Microsoft.ContainerRegistry, `Registries_ImportImage`. */
const API_VERSION = "2023-07-01";
/** Between two looks, where the service does not say how long. */
const LOOK_EVERY_MS = 2_000;
const MAX_LOOK_EVERY_MS = 30_000;
/** An import of some gigabytes takes minutes. */
const MAX_WAIT_MS = 30 * 60_000;

/**
 * `undefined`: nobody told which resource the registry is (`acr-resource-id`). Rejects with `RegistryError` (`invalid`) for options
 * that make no sense.
 */
export function openResourceManager(context: AdapterContext): ResourceManager | undefined {
  const { host, http, now, sleep, options } = context;
  const id = readResourceId(context);
  if (id === undefined) return undefined;
  const origin = readOrigin(context);
  const tokens = new Set<string>();
  let entra: Promise<Entra | undefined> | undefined;
  const api = createNativeApi({
    host: origin.host,
    send: (target, request) => http.send({ ...request, url: new URL(target, origin) }),
    async authorize({ again }) {
      if (again) return undefined;
      entra ??= findEntra(context);
      const found = await entra;
      if (found === undefined) throw nobody(origin.host);
      const token = await found.tokenFor(origin.origin);
      tokens.add(token);
      return { authorization: `Bearer ${token}` };
    },
    secrets: () => tokens,
    classify,
  });

  return {
    async importImage({ from, target, tags, signal }) {
      const call: NativeCall = {
        method: "POST",
        target: `${id}/importImage?api-version=${API_VERSION}`,
        verb: "import",
        reference: formatReference(from),
        accept: [200, 202],
        json: {
          source: { resourceId: id, sourceImage: `${from.name}@${from.digest}` },
          targetTags: tags.map((tag) => `${target}:${tag}`),
          untaggedTargetRepositories: tags.length === 0 ? [target] : [],
          mode: "Force",
        },
        signal,
      };
      await finish(call, await api.call(call));
    },
  };

  /** Looks until the service says how it ended. */
  async function finish(call: NativeCall, started: NativeAnswer): Promise<void> {
    const until = now().getTime() + MAX_WAIT_MS;
    let answer = started;
    let place: URL | undefined;
    while (!isDone(call, answer)) {
      place = placeOf(answer) ?? place;
      if (place === undefined) throw api.protocolError(call, "the answer names no operation");
      if (place.origin !== origin.origin) {
        throw api.protocolError(call, "the operation is at another host");
      }
      if (now().getTime() > until) throw tooLong(call);
      await sleep(pauseOf(answer), call.signal);
      answer = await api.call({
        ...call,
        method: "GET",
        target: place,
        json: undefined,
        accept: [200, 202, 204],
      });
    }
  }

  function isDone(call: NativeCall, { status, json }: NativeAnswer): boolean {
    const operation = operationSchema.safeParse(json).data;
    if (operation === undefined) return status !== 202;
    if (operation.status === "Succeeded") return true;
    if (operation.status !== "Failed" && operation.status !== "Canceled") return false;
    const { code = operation.status, message = "no reason given" } = operation.error ?? {};
    throw new RegistryError(
      "conflict",
      `${origin.host}: cannot ${call.verb} ${call.reference}: conflict (${code}: ${message})`,
      { registryCode: code },
    );
  }

  function placeOf({ headers }: NativeAnswer): URL | undefined {
    const told = headers["azure-asyncoperation"] ?? headers["location"];
    return told !== undefined && URL.canParse(told, origin.href)
      ? new URL(told, origin)
      : undefined;
  }

  function tooLong({ verb, reference }: NativeCall): RegistryError {
    const minutes = MAX_WAIT_MS / 60_000;
    return new RegistryError(
      "unavailable",
      `${origin.host}: cannot ${verb} ${reference}: unavailable (it is not done after ${minutes} minutes)`,
    );
  }

  function readOrigin({ insecure }: AdapterContext): URL {
    const text = options["acr-resource-manager-url"] ?? cloudOf(host).resourceManager;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isSafe =
      url?.protocol === "https:" ||
      (url?.protocol === "http:" && (insecure === true || isLoopback(url.host)));
    if (url !== undefined && isSafe && url.pathname === "/") return url;
    throw invalid(
      host,
      "acr-resource-manager-url is not an address like https://management.azure.com",
    );
  }
}

const RESOURCE_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/?#]+\/providers\/Microsoft\.ContainerRegistry\/registries\/(?<name>[a-z0-9]+)$/i;

function readResourceId({ host, options }: AdapterContext): string | undefined {
  const id = options["acr-resource-id"];
  if (id === undefined) return undefined;
  const name = RESOURCE_ID.exec(id)?.groups?.["name"];
  if (name === undefined) {
    throw invalid(
      host,
      "acr-resource-id is not of the form /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME",
    );
  }
  if (isOther(host, name)) {
    throw invalid(host, `acr-resource-id names the registry ${name}, which is another one`);
  }
  return id;
}

/**
 * Whether a login server proves that it is not the registry of this name: what is imported would go into the other one. Names have
 * no dash, so one begins the hash of a domain name label. A name of the company's own proves nothing.
 */
function isOther(host: string, name: string): boolean {
  const [label = ""] = host.toLowerCase().split(/[-.]/);
  return detectAcr(host) && label !== name.toLowerCase();
}

function invalid(host: string, why: string): RegistryError {
  return new RegistryError("invalid", `${host}: cannot open the registry: invalid (${why})`);
}

function nobody(host: string): RegistryError {
  return new RegistryError(
    "unauthorized",
    `${host}: cannot sign in: unauthorized (the resource manager takes an identity of Entra only, and none is in the environment)`,
  );
}

/** Seconds, or nothing that makes sense. */
function pauseOf({ headers }: NativeAnswer): number {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return LOOK_EVERY_MS;
  return Math.min(seconds * 1_000, MAX_LOOK_EVERY_MS);
}

/** `{"error":{"code","message"}}`. Source: Azure Resource Manager, "Common API details", error response. */
function classify({ status, json }: NativeRefusal): Classified | undefined {
  const code = problemSchema.safeParse(json).data?.error.code;
  if (code === undefined) return undefined;
  if (ABSENT.has(code)) return { code: "unsupported", registryCode: code, hint: SEE_THE_ID };
  if (status === 403) return { code: "denied", registryCode: code, hint: RIGHT };
  const isOfTheImage = status < 500 && status !== 401 && status !== 429;
  return isOfTheImage ? { code: "conflict", registryCode: code } : undefined;
}

/** The resource itself is not there, or the subscription is not one of this identity's. */
const ABSENT: ReadonlySet<string> = new Set([
  "ResourceNotFound",
  "ResourceGroupNotFound",
  "SubscriptionNotFound",
  "InvalidSubscriptionId",
]);

const SEE_THE_ID = "See to acr-resource-id.";

const RIGHT =
  "The identity needs Microsoft.ContainerRegistry/registries/importImage/action and …/pull/read: the role Container Registry Data Importer and Data Reader.";
