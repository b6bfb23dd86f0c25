import { defaultProvider } from "@aws-sdk/credential-provider-node";
import type { HttpClient } from "../../src/http/client.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { createRequestHandler } from "./request-handler.ts";

/** What signs a request. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent: they last until somebody takes them away. */
  readonly expiration?: Date;
}

export type AwsIdentitySource = () => Promise<AwsIdentity>;

type ChainContext = Pick<AdapterContext, "env" | "options"> & { readonly http: HttpClient };

/**
 * The usual chain: a profile that was named, else keys of the environment, else the profile `default`, a web identity, the
 * container's and the machine's roles. Roles are assumed through our door; only the metadata services of a container and of
 * a machine are asked by the library itself, which knows them by link-local addresses.
 */
export function openChain({ env, options, http }: ChainContext, region: string): AwsIdentitySource {
  const profile = options["ecr-profile"] ?? env["AWS_PROFILE"] ?? env["AWS_DEFAULT_PROFILE"];
  const keys = profile === undefined ? keysOf(env) : undefined;
  if (keys !== undefined) return async () => keys;
  const endpoint =
    env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true" ? undefined : env["AWS_ENDPOINT_URL"];
  const client = {
    region,
    requestHandler: createRequestHandler(http, BUDGET),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  return defaultProvider({
    // Named in any case, so that the library does not look for keys in the environment of the process.
    profile: profile ?? "default",
    ...given({
      filepath: env["AWS_SHARED_CREDENTIALS_FILE"],
      configFilepath: env["AWS_CONFIG_FILE"],
      webIdentityTokenFile: env["AWS_WEB_IDENTITY_TOKEN_FILE"],
      roleArn: env["AWS_ROLE_ARN"],
      roleSessionName: env["AWS_ROLE_SESSION_NAME"],
    }),
    // A file that was renewed meanwhile is read again.
    ignoreCache: true,
    clientConfig: client,
    parentClientConfig: client,
  });
}

/** Token services are no part of the registry: what they bear is theirs. */
const BUDGET = "aws-credentials";

function keysOf(env: AdapterContext["env"]): AwsIdentity | undefined {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** Those properties that have a value. */
function given(
  values: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value] as const],
    ),
  );
}
