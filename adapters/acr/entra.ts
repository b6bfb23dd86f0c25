import type { TokenCredential, TokenCredentialOptions } from "@azure/identity";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { createAzureHttpClient } from "./azure-http.ts";

/** The identity this program runs as. */
export interface Entra {
  /** A token for an audience. Rejects with `RegistryError` (`unauthorized`), in one line. */
  tokenFor(audience: string): Promise<string>;
}

/** The clouds by the end of the login server's name, with the audiences that are tried in turn. */
const CLOUDS = {
  io: {
    authority: "https://login.microsoftonline.com",
    // Policies may switch the second one off; tenants that never used a registry lack the first one.
    audiences: ["https://containerregistry.azure.net", "https://management.azure.com"],
    resourceManager: "https://management.azure.com",
  },
  cn: {
    authority: "https://login.chinacloudapi.cn",
    audiences: ["https://management.chinacloudapi.cn", "https://containerregistry.azure.net"],
    resourceManager: "https://management.chinacloudapi.cn",
  },
  us: {
    authority: "https://login.microsoftonline.us",
    audiences: ["https://management.usgovcloudapi.net", "https://containerregistry.azure.net"],
    resourceManager: "https://management.usgovcloudapi.net",
  },
} as const;

/** The cloud of a host; of a name of the company's own, the public one. */
export function cloudOf(host: string): {
  readonly authority: string;
  readonly audiences: readonly string[];
  /** Where the cloud's resources are managed, and the audience of tokens for it. */
  readonly resourceManager: string;
} {
  if (/\.azurecr\.cn(?::\d+)?$/i.test(host)) return CLOUDS.cn;
  return /\.azurecr\.us(?::\d+)?$/i.test(host) ? CLOUDS.us : CLOUDS.io;
}

/**
 * The first identity that the environment names: a client secret or certificate, a workload identity, else the machine's
 * managed identity; `undefined` where there is none. No credential that starts a program is among them.
 */
export async function findEntra(context: AdapterContext): Promise<Entra | undefined> {
  const settings = readSettings(context);
  if (settings.kind === "managed" && !(await hasManagedIdentity(context))) return undefined;
  const credential = await createCredential(settings, {
    authorityHost: context.env["AZURE_AUTHORITY_HOST"] ?? cloudOf(context.host).authority,
    httpClient: createAzureHttpClient(context.http),
    // The door retries.
    retryOptions: { maxRetries: 0 },
  });
  return {
    async tokenFor(audience) {
      try {
        const token = await credential.getToken(`${audience}/.default`);
        if (token !== null) return token.token;
      } catch (error) {
        throw refused(context.host, settings, error);
      }
      throw refused(context.host, settings, undefined);
    },
  };
}

type Settings =
  | {
      readonly kind: "secret";
      readonly tenant: string;
      readonly client: string;
      readonly secret: string;
    }
  | {
      readonly kind: "certificate";
      readonly tenant: string;
      readonly client: string;
      readonly path: string;
      readonly password: string | undefined;
    }
  | {
      readonly kind: "workload";
      readonly tenant: string;
      readonly client: string;
      readonly file: string;
    }
  | { readonly kind: "managed"; readonly client: string | undefined };

/** Source: Azure Identity client library, environment variables. */
function readSettings({ env, options }: AdapterContext): Settings {
  const tenant = options["acr-tenant"] ?? env["AZURE_TENANT_ID"];
  const client = env["AZURE_CLIENT_ID"];
  const secret = env["AZURE_CLIENT_SECRET"];
  const path = env["AZURE_CLIENT_CERTIFICATE_PATH"];
  const file = env["AZURE_FEDERATED_TOKEN_FILE"];
  if (tenant !== undefined && client !== undefined) {
    if (secret !== undefined) return { kind: "secret", tenant, client, secret };
    const password = env["AZURE_CLIENT_CERTIFICATE_PASSWORD"];
    if (path !== undefined) return { kind: "certificate", tenant, client, path, password };
    if (file !== undefined) return { kind: "workload", tenant, client, file };
  }
  return { kind: "managed", client };
}

/** The library loads here and not before: it is large, and few need it. */
async function createCredential(
  settings: Settings,
  options: TokenCredentialOptions,
): Promise<TokenCredential> {
  const azure = await import("@azure/identity");
  switch (settings.kind) {
    case "secret":
      return new azure.ClientSecretCredential(
        settings.tenant,
        settings.client,
        settings.secret,
        options,
      );
    case "certificate": {
      const { path: certificatePath, password: certificatePassword } = settings;
      const certificate =
        certificatePassword === undefined
          ? { certificatePath }
          : { certificatePath, certificatePassword };
      return new azure.ClientCertificateCredential(
        settings.tenant,
        settings.client,
        certificate,
        options,
      );
    }
    case "workload":
      return new azure.WorkloadIdentityCredential({
        ...options,
        tenantId: settings.tenant,
        clientId: settings.client,
        tokenFilePath: settings.file,
      });
    case "managed":
      return settings.client === undefined
        ? new azure.ManagedIdentityCredential(options)
        : new azure.ManagedIdentityCredential({ ...options, clientId: settings.client });
  }
}

/** Variables by which a host of programs names its own source of managed identities. */
const MANAGED = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"] as const;
const METADATA_SERVICE = "http://169.254.169.254/metadata/identity/oauth2/token";
/** A virtual machine's metadata service is on its own host; elsewhere nobody answers. */
const METADATA_WAIT_MS = 1_000;

async function hasManagedIdentity({ env, http, sleep }: AdapterContext): Promise<boolean> {
  if (MANAGED.some((name) => env[name] !== undefined)) return true;
  const answered = new AbortController();
  const tooLate = new AbortController();
  void sleep(METADATA_WAIT_MS, answered.signal).then(
    () => tooLate.abort(),
    () => undefined, // The answer came first.
  );
  try {
    // Without the header that a real question carries, the service only refuses.
    const response = await http.send({
      method: "GET",
      url: new URL(METADATA_SERVICE),
      signal: tooLate.signal,
    });
    await response.discard();
    return response.status === 400;
  } catch {
    return false; // Nobody is there: this is no machine of Azure's.
  } finally {
    answered.abort();
  }
}

function refused(host: string, { kind }: Settings, error: unknown): RegistryError {
  const [line = ""] = (error instanceof Error ? error.message : "no token came").split(/\r?\n/);
  return new RegistryError(
    "unauthorized",
    `${host}: cannot sign in to Entra with the ${NAMES[kind]}: unauthorized (${line.trim()})`,
    {
      hint: "Give acr-username and acr-password, log in with `az acr login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret, certificate or token file.",
    },
  );
}

const NAMES: Readonly<Record<Settings["kind"], string>> = {
  secret: "client secret of the environment",
  certificate: "client certificate of the environment",
  workload: "workload identity",
  managed: "managed identity",
};
