import type { Credentials } from "../registry/adapter.ts";
import { passwordOrToken } from "./config-file.ts";
import { CredentialsError } from "./error.ts";
import { runHelper } from "./helper-program.ts";
import type { HelperCall } from "./helper-program.ts";

/**
 * Asks a credential helper; `undefined` when it knows none for the server. Rejects with `CredentialsError`.
 *
 * Source: docker-credential-helpers: the server on stdin, `{"Username","Secret"}` on stdout.
 */
export async function askHelper(call: HelperCall): Promise<Credentials | undefined> {
  const { suffix, server } = call;
  const stdout = await runHelper(call, "get", { text: server });
  if (stdout === undefined) return undefined;
  const answer = parseAnswer(stdout);
  if (answer === undefined) {
    throw new CredentialsError(
      `docker-credential-${suffix} answered for ${server} with no credentials in JSON`,
    );
  }
  const { username, secret } = answer;
  return secret === "" ? undefined : passwordOrToken(username, secret);
}

function parseAnswer(
  stdout: string,
): { readonly username: string; readonly secret: string } | undefined {
  try {
    const json: unknown = JSON.parse(stdout);
    if (typeof json !== "object" || json === null) return undefined;
    if (!("Username" in json) || !("Secret" in json)) return undefined;
    const { Username: username, Secret: secret } = json;
    return typeof username === "string" && typeof secret === "string"
      ? { username, secret }
      : undefined;
  } catch {
    return undefined; // Reported by the caller, without the text: it may hold a secret.
  }
}
