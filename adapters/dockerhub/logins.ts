import { unreadableCredentials } from "../../src/distribution/error-response.ts";
import type { AdapterContext, Credentials, CredentialSource } from "../../src/registry/adapter.ts";
import { detectDockerhub } from "./detect.ts";
import { readLogins } from "./login.ts";
import type { HubLogin } from "./login.ts";

/** The same credentials for both ways in. */
export interface Logins {
  /** For the Hub API; `undefined` when none are known that it takes. Rejects with `RegistryError`. */
  api(repositoryName: string): Promise<HubLogin | undefined>;
  /** For `/v2/`. */
  readonly registry: CredentialSource;
}

/** The name under which docker's configuration has them, whatever name a reference uses. */
const CONFIGURED_HOST = "index.docker.io";

/** Options first, then docker's configuration. Throws `RegistryError` (`invalid`) for options that do not fit together. */
export function createLogins({ host, options, credentials, warn }: AdapterContext): Logins {
  const given = readLogins(host, options);
  return {
    async api(name) {
      if (given.api !== undefined) return given.api;
      const found = await find(name).catch((error: unknown) => {
        const purpose = { host, verb: "enter the Hub API for", reference: `${host}/${name}` };
        throw unreadableCredentials({ ...purpose, scrub: (text) => text }, error);
      });
      return found?.kind === "password"
        ? { kind: "secret", identifier: found.username, secret: found.password }
        : undefined;
    },
    registry: {
      async find(_, name) {
        if (given.registry !== undefined) return given.registry;
        const found = await find(name);
        if (found === undefined && given.api !== undefined) warn(`${host}: ${JWT_ONLY}`);
        return found;
      },
    },
  };

  async function find(name: string): Promise<Credentials | undefined> {
    const found = await credentials.find(host, name);
    return found === undefined && detectDockerhub(host)
      ? credentials.find(CONFIGURED_HOST, name)
      : found;
  }
}

const JWT_ONLY =
  "the JWT of docker-hub-token is for the Hub API; images are read and written anonymously unless there is a `docker login`, or docker-hub-username with docker-hub-password";
