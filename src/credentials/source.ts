import type { CredentialSource, Credentials } from "../registry/adapter.ts";
import { entryCredentials } from "./config-file.ts";
import type { ConfigFile } from "./config-file.ts";
import { readConfigFiles } from "./config-files.ts";
import type { ConfigFileOptions } from "./config-files.ts";
import { CredentialsError } from "./error.ts";
import { askHelper } from "./ask-program.ts";
import { DEFAULT_HELPER_TIMEOUT_MS } from "./helper-program.ts";
import { candidateKeys, helperServer, normalizeKey } from "./host-key.ts";

export interface CredentialSourceOptions extends ConfigFileOptions {
  /** User and password given for a role. They are for the role's host only and win there. */
  readonly explicit?: {
    readonly host: string;
    readonly username: string;
    readonly password: string;
  };
  /** Milliseconds a helper may take; default 60 s. */
  readonly helperTimeoutMs?: number;
}

/**
 * Credentials of one role: given ones, then each configuration file in turn. In a file the most specific key wins,
 * and for a key its helper, then the helper of all hosts, then its entry.
 *
 * Files are read and helpers run at the first question, once each. `find` rejects with `CredentialsError`.
 */
export function createCredentialSource(options: CredentialSourceOptions): CredentialSource {
  const { explicit, env, helperTimeoutMs: timeoutMs = DEFAULT_HELPER_TIMEOUT_MS } = options;
  let files: Promise<readonly ConfigFile[]> | undefined;
  const asked = new Map<string, Promise<Credentials | undefined>>();

  return {
    async find(host, repositoryName) {
      if (explicit !== undefined && normalizeKey(explicit.host) === normalizeKey(host)) {
        const { username, password } = explicit;
        return { kind: "password", username, password };
      }
      files ??= readConfigFiles(options);
      for (const file of await files) {
        const credentials = await findIn(file, host, repositoryName);
        if (credentials !== undefined) return credentials;
      }
      return undefined;
    },
  };

  async function findIn(
    file: ConfigFile,
    host: string,
    repositoryName: string,
  ): Promise<Credentials | undefined> {
    for (const key of candidateKeys(host, repositoryName)) {
      const isHost = !key.includes("/");
      const suffix = file.helpers.get(key) ?? (isHost ? file.defaultHelper : undefined);
      const server = isHost ? helperServer(host) : key;
      const credentials = suffix === undefined ? undefined : await ask(file, suffix, server);
      const found = credentials ?? inFile(file, key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function inFile(file: ConfigFile, key: string): Credentials | undefined {
    const entry = file.auths.get(key);
    if (entry === undefined) return undefined;
    try {
      return entryCredentials(entry, { source: file.source, key });
    } catch (error) {
      if (file.source !== VARIABLE || !(error instanceof CredentialsError)) throw error;
      options.warn(`${error.message}; it is ignored`);
      return undefined;
    }
  }

  function ask(file: ConfigFile, suffix: string, server: string): Promise<Credentials | undefined> {
    const key = `${suffix} ${server}`;
    const known = asked.get(key);
    if (known !== undefined) return known;
    const answer = askHelper({ suffix, server, env, timeoutMs }).catch((error: unknown) => {
      if (!(error instanceof CredentialsError)) throw error;
      throw new CredentialsError(`${error.message} (named by ${file.source})`, { cause: error });
    });
    asked.set(key, answer);
    return answer;
  }
}

/** As `readConfigFiles` calls the file that is a variable. */
const VARIABLE = "DOCKER_AUTH_CONFIG";
