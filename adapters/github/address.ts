import { isLoopback } from "../../src/distribution/origin.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { recogniseGithub } from "./detect.ts";

/** Where the API of a registry is, and what kind of registry it is. */
export interface Address {
  /** Of the REST API, without a slash at its end. */
  readonly api: string;
  /**
   * - `containers`: the container registry
   * - `docker`: `docker.pkg.github.com`, whose images moved to the container registry
   * - `old-docker`: the Docker registry of a GitHub Enterprise Server, which only GraphQL knows
   */
  readonly serves: "containers" | "docker" | "old-docker";
}

const PUBLIC_API = "https://api.github.com";

type Context = Pick<AdapterContext, "host" | "options" | "insecure" | "greeting">;

/** Rejects an address that makes no sense, and a host that tells none, with `invalid`. */
export function addressOf(context: Context): Address {
  const name = context.host.replace(/:\d+$/, "");
  const given = context.options["github-api-url"];
  return {
    api: given === undefined ? derived(context, name) : checked(given, context),
    serves: servesOf(name),
  };
}

/** The GraphQL API beside a REST API. Source: GitHub Docs, "Forming calls with GraphQL". */
export function graphqlUrl(api: string): string {
  return api.endsWith("/api/v3") ? api.replace(/\/v3$/, "/graphql") : `${api}/graphql`;
}

function servesOf(name: string): Address["serves"] {
  if (name === "docker.pkg.github.com") return "docker";
  return name.startsWith("docker.") ? "old-docker" : "containers";
}

function derived({ host, greeting }: Context, name: string): string {
  if (name === "ghcr.io" || name === "docker.pkg.github.com") return PUBLIC_API;
  const tenant = /^containers\.([a-z0-9-]+\.ghe\.com)$/.exec(name)?.[1];
  if (tenant !== undefined) return `https://api.${tenant}`;
  const server = /^(?:containers|docker)\.(.+)$/.exec(name)?.[1];
  if (server !== undefined) return `https://${server}/api/v3`;
  // The registry itself sends whoever logs in to ghcr.io, so the credentials are GitHub's.
  if (greeting !== undefined && recogniseGithub(greeting, host) === "sure") return PUBLIC_API;
  throw new RegistryError(
    "invalid",
    `${host}: cannot tell the address of its API: invalid (the host does not name it)`,
    { hint: "Give it with --repo-github-api-url, as https://HOST/api/v3." },
  );
}

function checked(given: string, { host, insecure }: Context): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const mayBePlain = insecure === true || (url !== undefined && isLoopback(url.host));
  const isUsable =
    url !== undefined &&
    (url.protocol === "https:" || (url.protocol === "http:" && mayBePlain)) &&
    url.username === "" &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "";
  if (url !== undefined && isUsable) return url.href.replace(/\/+$/, "");
  throw new RegistryError(
    "invalid",
    `${host}: github-api-url is no address of an API: invalid (https://HOST/api/v3 is one)`,
  );
}
