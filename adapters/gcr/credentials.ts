import type { AdapterContext, Credentials, CredentialSource } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { openKeyFile, openMetadata } from "./access-token.ts";
import type { AccessToken, TokenSource } from "./access-token.ts";
import { detectGcr } from "./detect.ts";

export interface GoogleCredentials extends CredentialSource {
  /** The service account whose key is used; known once it was read. */
  identity(): string | undefined;
}

/** Tokens live for an hour; those of the metadata server are replaced some minutes before. */
const RENEW_BEFORE_MS = 5 * 60_000;

/**
 * What the options name; else what docker's configuration holds; else, on Google's own hosts only, what the environment of
 * Google's tools names: `GOOGLE_APPLICATION_CREDENTIALS`, and the metadata server where `GCE_METADATA_HOST` says that there
 * is one. Throws `RegistryError` when the options contradict each other.
 */
export function googleCredentials(context: AdapterContext): GoogleCredentials {
  const { host, credentials, options, env, now } = context;
  const given = NAMES.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new RegistryError(
      "invalid",
      `${host}: cannot use the options of gcr: invalid (${given.join(" and ")} exclude each other; give one)`,
    );
  }
  let account: string | undefined;
  let chosen: Promise<TokenSource | undefined> | undefined;
  let held: { readonly credentials: Credentials; readonly renewAt: number | undefined } | undefined;
  let renewing: Promise<Credentials> | undefined;

  return {
    identity: () => account,
    async find(asked, name) {
      if (asked !== host) return credentials.find(asked, name);
      if (given.length === 0) {
        const found = await credentials.find(host, name);
        if (found !== undefined) return found;
      }
      chosen ??= choose();
      const source = await chosen;
      return source === undefined ? undefined : current(source);
    },
    refused(asked, name, refused) {
      if (held?.credentials !== refused)
        return credentials.refused?.(asked, name, refused) ?? false;
      // An access token that was given stays what it is.
      if (held.renewAt === undefined) return false;
      held = undefined;
      return true;
    },
  };

  async function choose(): Promise<TokenSource | undefined> {
    const token = options["gcr-access-token"];
    if (token !== undefined) return async () => ({ token });
    const keyFile = options["gcr-key-file"];
    if (keyFile !== undefined) return fromKeyFile(keyFile);
    if (options["gcr-metadata"] !== undefined) return openMetadata(context, env);
    if (!detectGcr(host)) return undefined;
    const defaultFile = env["GOOGLE_APPLICATION_CREDENTIALS"];
    if (defaultFile !== undefined && defaultFile !== "") return fromKeyFile(defaultFile);
    return (env["GCE_METADATA_HOST"] ?? "") === "" ? undefined : openMetadata(context, env);
  }

  async function fromKeyFile(path: string): Promise<TokenSource> {
    const { source, identity } = await openKeyFile(path, context);
    account = identity;
    return source;
  }

  /** One token for all who ask, until shortly before it runs out. */
  async function current(source: TokenSource): Promise<Credentials> {
    const isUsable =
      held !== undefined && (held.renewAt === undefined || held.renewAt > now().getTime());
    if (held !== undefined && isUsable) return held.credentials;
    renewing ??= source()
      .then((token) => keep(token))
      .finally(() => (renewing = undefined));
    return renewing;
  }

  function keep({ token, expiresAt }: AccessToken): Credentials {
    const renewAt = expiresAt === undefined ? undefined : renewalOf(expiresAt);
    const made: Credentials = {
      kind: "password",
      username: "oauth2accesstoken",
      password: token,
      ...(renewAt === undefined ? {} : { renewAt }),
    };
    held = { credentials: made, renewAt };
    return made;
  }

  /** A token that is nearly over is used for what is left of it. */
  function renewalOf(expiresAt: number): number {
    const left = expiresAt - now().getTime();
    return left > 2 * RENEW_BEFORE_MS ? expiresAt - RENEW_BEFORE_MS : now().getTime() + left / 2;
  }
}

const NAMES = ["gcr-access-token", "gcr-key-file", "gcr-metadata"] as const;
