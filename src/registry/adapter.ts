import type { HttpClient } from "../http/client.ts";
import type { Registry } from "./registry.ts";

/** What the host gives an adapter. An adapter reads nothing else: no process.env, no clock, no global fetch. */
export interface AdapterContext {
  /** Host of the repository, as `Repository.host` spells it. */
  readonly host: string;
  readonly http: HttpClient;
  /** Of this role only: the primary repository's are not the cache's. */
  readonly credentials: CredentialSource;
  /** For the registries' own credential chains. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Plain `http:` may be used where the host does not speak TLS. A loopback host needs no leave. */
  readonly insecure?: boolean;
}

/** Finds credentials by exact host and repository; nothing is looked up before an adapter is chosen. */
export interface CredentialSource {
  /** `undefined`: none are known, go on anonymously. */
  find(host: string, repositoryName: string): Promise<Credentials | undefined>;
}

export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth refresh token (`identitytoken`). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is, without an exchange (`registrytoken`). */
  | { readonly kind: "bearer-token"; readonly token: string };

/** A line of the adapter table. Only this is loaded before an adapter is chosen. */
export interface AdapterEntry {
  /** The name `--repo-implementation` takes. */
  readonly id: string;
  /** Whether the host alone proves this implementation. Pure; anchored patterns. */
  readonly detect: (host: string) => boolean;
  readonly load: () => Promise<{ openRegistry(context: AdapterContext): Promise<Registry> }>;
}
