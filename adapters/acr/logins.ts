import type { Origin } from "../../src/distribution/origin.ts";
import type { AdapterContext, Credentials, CredentialSource } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import { cloudOf, findEntra } from "./entra.ts";
import type { Entra } from "./entra.ts";
import { exchange } from "./exchange.ts";

/** The user name under which `docker login` carries a refresh token as its password. Source: Azure/acr, AAD-OAuth.md. */
const TOKEN_USER = "00000000-0000-0000-0000-000000000000";

/**
 * Options, then docker's configuration, then the identity this program runs as. Throws `RegistryError` (`invalid`) for
 * options that do not fit together.
 */
export function createLogins(context: AdapterContext, send: Origin["send"]): CredentialSource {
  const { host, options, credentials, now } = context;
  const given = readOptions(context);
  let held: Promise<Credentials | undefined> | undefined;
  let renewAt = Number.POSITIVE_INFINITY;

  return {
    async find(_, name) {
      return given ?? asToken(await credentials.find(host, name)) ?? fromEntra();
    },
  };

  /** One refresh token for all repositories; the tokens bought with it are for one named repository each. */
  function fromEntra(): Promise<Credentials | undefined> {
    if (held !== undefined && now().getTime() < renewAt) return held;
    const token = signIn();
    held = token;
    renewAt = Number.POSITIVE_INFINITY;
    token.then(
      (found) => (renewAt = found?.renewAt ?? Number.POSITIVE_INFINITY),
      () => {
        if (held === token) held = undefined;
      },
    );
    return token;
  }

  async function signIn(): Promise<Credentials | undefined> {
    const entra = await findEntra(context);
    if (entra === undefined) return undefined;
    if (context.greeting !== undefined) throw toldByItself(host);
    const [first = "", ...others] = cloudOf(host).audiences;
    try {
      return await signInTo(entra, first);
    } catch (error) {
      for (const audience of others) {
        const found = await signInTo(entra, audience).catch(() => undefined);
        if (found !== undefined) return found;
      }
      throw error;
    }
  }

  async function signInTo(entra: Entra, audience: string): Promise<Credentials> {
    const tenant = options["acr-tenant"];
    return exchange(await entra.tokenFor(audience), { host, send, tenant, now });
  }
}

/** Whoever answers as the registry does would get a token of the identity that this program runs as. */
function toldByItself(host: string): RegistryError {
  return new RegistryError(
    "unauthorized",
    `${host}: cannot log in: unauthorized (it answers as Azure Container Registry does, but its name is none of Azure's, so the identity that this runs as does not go there by itself)`,
    {
      hint: "Choose the implementation yourself, by --repo-implementation acr, if the host is yours.",
    },
  );
}

function readOptions({ host, options }: AdapterContext): Credentials | undefined {
  const username = options["acr-username"];
  const password = options["acr-password"];
  if (username === undefined && password === undefined) return undefined;
  if (username !== undefined && password !== undefined) {
    return asToken({ kind: "password", username, password });
  }
  const [has, lacks] =
    username === undefined ? ["acr-password", "acr-username"] : ["acr-username", "acr-password"];
  throw new RegistryError(
    "invalid",
    `${host}: cannot open the registry: invalid (${has} needs ${lacks})`,
  );
}

function asToken(found: Credentials | undefined): Credentials | undefined {
  return found?.kind === "password" && found.username === TOKEN_USER
    ? { kind: "identity-token", token: found.password }
    : found;
}
