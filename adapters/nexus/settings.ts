import { isLoopback } from "../../src/distribution/origin.ts";
import type { AdapterContext, Credentials } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** What people told the adapter, checked. */
export interface Settings {
  /** Absent: those that docker's configuration holds for the host. */
  readonly credentials?: Extract<Credentials, { readonly kind: "password" }>;
  /** Name of the repository, where the address does not show it. */
  readonly repository?: string;
  /** With the context path, without a slash at its end. */
  readonly apiUrl?: string;
}

/** Source: the pattern that Nexus holds names of repositories against. */
const REPOSITORY_NAME = /^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$/;

/** Throws `RegistryError("invalid")` that names the option. */
export function readSettings({
  host,
  options,
  insecure = false,
}: Pick<AdapterContext, "host" | "options" | "insecure">): Settings {
  const username = options["nexus-username"];
  const password = options["nexus-password"];
  if (username === undefined && password !== undefined) {
    throw invalid("nexus-password", "it needs a user too");
  }
  if (username !== undefined && password === undefined) {
    throw invalid("nexus-username", "it needs a password too");
  }
  const repository = options["nexus-repository"];
  if (repository !== undefined && !REPOSITORY_NAME.test(repository)) {
    throw invalid("nexus-repository", `"${repository}" is not a repository's name`);
  }
  const apiUrl = readApiUrl(options["nexus-api-url"]);
  return {
    ...(username === undefined || password === undefined
      ? {}
      : { credentials: { kind: "password", username, password } }),
    ...(repository === undefined ? {} : { repository }),
    ...(apiUrl === undefined ? {} : { apiUrl }),
  };

  function readApiUrl(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isPlain = url?.search === "" && url.hash === "";
    if (url === undefined || !isPlain || !/^https?:$/.test(url.protocol)) {
      throw invalid("nexus-api-url", "it is no https: address");
    }
    if (url.username !== "" || url.password !== "") {
      throw invalid("nexus-api-url", "credentials do not belong into an address");
    }
    if (url.protocol === "http:" && !insecure && !isLoopback(url.host)) {
      throw invalid("nexus-api-url", "credentials are not sent over http:");
    }
    return url.href.replace(/\/+$/, "");
  }

  function invalid(option: string, why: string): RegistryError {
    return new RegistryError("invalid", `${host}: cannot use ${option}: invalid (${why})`);
  }
}
