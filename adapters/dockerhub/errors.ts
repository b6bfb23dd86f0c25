import type { Classified, NativeRefusal } from "../../src/distribution/native-api.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";

/** What the Hub API means beyond its status. Its bodies are `{"message": …}` or `{"detail": …}`, without codes. */
export function classify({ call, status }: NativeRefusal): Classified | undefined {
  if (status === 401) return { code: "unauthorized", hint: CHECK_TOKEN };
  if (status === 403 && call.method === "DELETE") return { code: "denied", hint: NEEDS_DELETE };
  return undefined;
}

const CHECK_TOKEN =
  "The Hub refused the token; a JWT lives for minutes, so give docker-hub-username with a password or an access token instead.";

/** Source: docker/hub-feedback #2006, #2127, #2171, #2251: a JWT of a token that may not delete is refused with 403. */
export const NEEDS_DELETE =
  "A personal access token needs the permission Read, Write, Delete; with a smaller one, use the account's password or another token.";

/** The same error under another class, with what the reader can do. */
export function reclassified(
  error: RegistryError,
  code: RegistryErrorCode,
  hint: string,
): RegistryError {
  const { status, registryCode, cause } = error;
  return new RegistryError(code, error.message.replace(`: ${error.code} (`, `: ${code} (`), {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
    ...(cause === undefined ? {} : { cause }),
    hint,
  });
}
