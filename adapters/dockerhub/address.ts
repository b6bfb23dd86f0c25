import { isLoopback } from "../../src/distribution/origin.ts";
import type { Origin } from "../../src/distribution/origin.ts";
import type { NativeApiOptions } from "../../src/distribution/native-api.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { detectDockerhub, recogniseDockerhub } from "./detect.ts";

const HUB = "https://hub.docker.com";
const REGISTRY_HOST = "registry-1.docker.io";

/** Where `/v2/` of the registry is: references name another host than the one that answers. */
export function registryHost(host: string): string {
  return detectDockerhub(host) ? REGISTRY_HOST : host;
}

/**
 * The way to the Hub API: the address that was given, the Hub's own, or for a host that is not known to be the Hub's, that
 * host. Throws `RegistryError` (`invalid`) for an address that is none, or that would get secrets in the clear.
 */
export function apiSender(context: AdapterContext, origin: Origin): NativeApiOptions["send"] {
  const { host, http, options, greeting } = context;
  const isHub =
    detectDockerhub(host) || (greeting !== undefined && recogniseDockerhub(greeting) === "sure");
  const address = options["docker-hub-api-url"] ?? (isHub ? HUB : undefined);
  if (address === undefined) return (target, request) => origin.send(target, request);
  const base = readAddress(context, address);
  return (target, request) => http.send({ ...request, url: new URL(target, base) });
}

function readAddress({ host, insecure = false }: AdapterContext, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === "https:";
  const mayBePlain = url?.protocol === "http:" && (insecure || isLoopback(url.host));
  if (url !== undefined && url.username === "" && (isSafe || mayBePlain)) return url;
  throw new RegistryError(
    "invalid",
    `${host}: cannot open the registry: invalid (docker-hub-api-url must be an https: address without a user)`,
  );
}
