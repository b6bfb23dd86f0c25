import { isLoopback } from "../../src/distribution/origin.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { isPublicGreeting, isPublicHost, parsePrivateHost } from "./detect.ts";

/** Which registry a host stands for, and where its API is. */
export interface Settings {
  readonly registry: PrivateRegistry | { readonly kind: "public"; readonly region: string };
  /** Absent: where the region's API is. */
  readonly apiUrl?: URL;
}

export interface PrivateRegistry {
  readonly kind: "private";
  /** Twelve digits: the `registryId` of every call. */
  readonly account: string;
  readonly region: string;
  readonly isFips: boolean;
  readonly isDualStack: boolean;
}

/** Where all of ECR Public is managed. Source: Amazon ECR Public user guide, "Endpoints". */
const PUBLIC_REGION = "us-east-1";

/** Rejects with `invalid` when an option makes no sense or one is missing that the host does not make up for. */
export function readSettings(context: AdapterContext): Settings {
  const isPublic = isPublicHost(context.host) || isPublicGreeting(context.greeting);
  const registry = isPublic
    ? ({ kind: "public", region: PUBLIC_REGION } as const)
    : privateRegistry(context);
  const apiUrl = readApiUrl(
    context,
    isPublic ? "AWS_ENDPOINT_URL_ECR_PUBLIC" : "AWS_ENDPOINT_URL_ECR",
  );
  return { registry, ...(apiUrl === undefined ? {} : { apiUrl }) };
}

function privateRegistry({ host, options, env }: AdapterContext): PrivateRegistry {
  const told = parsePrivateHost(host);
  const account = agreed(host, "ecr-account", options["ecr-account"], told?.account);
  const region =
    agreed(host, "ecr-region", options["ecr-region"], told?.region) ??
    env["AWS_REGION"] ??
    env["AWS_DEFAULT_REGION"];
  if (account === undefined) {
    throw invalid(
      host,
      "the name of the host does not tell the AWS account; name it with ecr-account",
    );
  }
  if (!/^\d{12}$/.test(account))
    throw invalid(host, "ecr-account is not an AWS account of twelve digits");
  if (region === undefined) {
    throw invalid(
      host,
      "the name of the host does not tell the AWS region; name it with ecr-region",
    );
  }
  if (!/^[a-z0-9][a-z0-9-]*$/.test(region))
    throw invalid(host, "ecr-region is not the name of a region");
  return {
    kind: "private",
    account,
    region,
    isFips: told?.isFips ?? false,
    isDualStack: told?.isDualStack ?? false,
  };
}

/** What is deleted in another account or region than the host's is gone all the same: so a contradiction is refused. */
function agreed(
  host: string,
  name: string,
  given: string | undefined,
  told: string | undefined,
): string | undefined {
  if (given !== undefined && told !== undefined && given !== told) {
    throw invalid(host, `${name} says ${given}, and the host is of ${told}`);
  }
  return given ?? told;
}

function readApiUrl(
  { host, options, env, insecure }: AdapterContext,
  variable: string,
): URL | undefined {
  const named: readonly (readonly [string, string | undefined])[] = [
    ["ecr-api-url", options["ecr-api-url"]],
    ...(env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true"
      ? []
      : ([
          [variable, env[variable]],
          ["AWS_ENDPOINT_URL", env["AWS_ENDPOINT_URL"]],
        ] as const)),
  ];
  const [name, value] = named.find(([, text]) => text !== undefined && text !== "") ?? [];
  if (value === undefined || name === undefined) return undefined;
  if (!URL.canParse(value)) throw invalid(host, `${name} is not a URL`);
  const url = new URL(value);
  if (url.protocol === "https:") return url;
  if (url.protocol === "http:" && (insecure === true || isLoopback(url.host))) return url;
  throw invalid(host, `${name} is not an https: address`);
}

function invalid(host: string, why: string): RegistryError {
  return new RegistryError("invalid", `${host}: cannot open the registry: invalid (${why})`);
}
