import type { HttpClient } from "../http/client.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Registry } from "./registry.ts";

/** What the host gives an adapter. An adapter reads nothing else: no process.env, no clock, no global fetch. */
export interface AdapterContext {
  /** Host of the repository, as `Repository.host` spells it. */
  readonly host: string;
  readonly http: HttpClient;
  /** Of this role only: the primary repository's are not the cache's. */
  readonly credentials: CredentialSource;
  /** Values of the adapter's own options for this role, by `AdapterOption.name`; only those that were given. */
  readonly options: AdapterOptionValues;
  /** For the registries' own credential chains. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Rejects with the reason of an aborted signal. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Tells people, once for each text, what works less well than it could. */
  readonly warn: (message: string) => void;
  /** Plain `http:` may be used where the host does not speak TLS. A loopback host needs no leave. */
  readonly insecure?: boolean;
  /**
   * What the host answered when its adapter was looked for; absent when its name was enough, or the adapter was asked for.
   * Where it is there, the host's own words alone made it this adapter's: credentials that nobody gave for this host or
   * role (a cloud's own chain, what a CI system has set for another host) must not go there.
   */
  readonly greeting?: Greeting;
}

export type AdapterOptionValues = Readonly<Record<string, string>>;

/** The first answer of a host: `GET /v2/` without credentials. */
export interface Greeting {
  readonly protocol: "https:" | "http:";
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Every value of each `WWW-Authenticate` header, in order. */
  readonly challenges: readonly string[];
}

/** Finds credentials by exact host and repository; nothing is looked up before an adapter is chosen. */
export interface CredentialSource {
  /** `undefined`: none are known, go on anonymously. */
  find(host: string, repositoryName: string): Promise<Credentials | undefined>;
  /**
   * Learns that the host refused credentials, with 401 or 403, in the middle of a run. Answers whether `find` has others
   * to offer now. Absent: it never has.
   */
  readonly refused?: (host: string, repositoryName: string, credentials: Credentials) => boolean;
}

export type Credentials = (
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth refresh token (`identitytoken`). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is, without an exchange (`registrytoken`). */
  | { readonly kind: "bearer-token"; readonly token: string }
) & {
  /** Milliseconds since the epoch: from then on the source is asked again. Absent: they stay as they are. */
  readonly renewAt?: number;
};

/** A line of the adapter table. Only this is loaded before an adapter is chosen. */
export interface AdapterEntry {
  /** The name `--repo-implementation` takes. */
  readonly id: string;
  /** Whether the host alone proves this implementation. Pure; anchored patterns. */
  readonly detect: (host: string) => boolean;
  /**
   * What the first answer of a host that no pattern knows says: `sure` when nothing else answers so, `maybe` when
   * `probe` has to decide. Absent: this implementation cannot be told by an answer.
   */
  readonly recognise?: (greeting: Greeting, host: string) => "sure" | "maybe" | undefined;
  /** Whether the host's own pages prove this implementation. Absent: there is no such page. */
  readonly probe?: (ask: Ask) => Promise<boolean>;
  /** What people may tell this adapter, for every role of repository. */
  readonly options: readonly AdapterOption[];
  readonly load: () => Promise<AdapterModule>;
}

export interface AdapterModule {
  readonly capabilities: Capabilities;
  openRegistry(context: AdapterContext): Promise<Registry>;
}

/** Reads a page of the host without credentials; `undefined` when there was no answer. */
export type Ask = (path: string) => Promise<Page | undefined>;

export interface Page {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The first 64 KiB. */
  readonly text: string;
}

/** An option of one adapter. The command line puts the role in front: `token` of a repository is `--repo-token`. */
export interface AdapterOption {
  /** Lower case, words joined by `-`; the same name may stand with several adapters. */
  readonly name: string;
  /** One line for `--help`, lower case, no full stop. */
  readonly about: string;
  /** What stands for the value in `--help`: `token`, `url`. Absent: a switch, whose value is `true`. */
  readonly value?: string;
  /** Variables that are read after the option's own, the one that wins first: those that CI systems set. */
  readonly env?: readonly string[];
}
