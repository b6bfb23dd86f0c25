import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";

import { adapters } from "../../adapters/index.ts";
import type { CommandDeps } from "../commands/deps.ts";
import type { Event } from "../events/event.ts";
import type { HttpClient } from "../http/client.ts";
import { createContentCache } from "../journal/content-cache.ts";
import { createJournal } from "../journal/journal.ts";
import { DIRECTORY_HOST } from "../oci/reference.ts";
import type { CredentialSource } from "../registry/adapter.ts";
import { detectAdapter } from "../registry/detect.ts";
import { withContentCache } from "./cached-registry.ts";
import type { Environment } from "./environment.ts";

/** What a run is told about its surroundings, everything resolved. */
export interface SessionOptions {
  /** Project directory with Git and configuration. */
  readonly dir: string;
  readonly env: Environment;
  /** `--repo-implementation`. */
  readonly implementation: string | undefined;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly skipTlsVerify: boolean;
  /** Certificates in PEM, trusted besides the system's. */
  readonly caPem: string | undefined;
  /** Directory of the docker configuration. */
  readonly dockerConfig: string | undefined;
  readonly parallel: number;
  /** Where journals go; absent: the user's state directory, a folder per repository. */
  readonly journal: string | undefined;
  readonly version: string;
  readonly report: (event: Event) => void;
  readonly signal: AbortSignal;
}

export interface Session extends CommandDeps, AsyncDisposable {}

/** Connects the commands to the machine: network, Git, files, clock. Libraries load when they are used. */
export function openSession(options: SessionOptions): Session {
  const { env, report, signal, parallel } = options;
  const now = (): Date => new Date();
  let door: Promise<HttpClient> | undefined;
  let opened: HttpClient | undefined;
  const warned = new Set<string>();
  const warn = (message: string): void => {
    if (warned.has(message)) return;
    warned.add(message);
    report({ type: "warning.raised", message });
  };

  return {
    report,
    signal,
    now,
    parallel,
    requests: () => opened?.counts() ?? { GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 },
    async openRegistry({ host }) {
      const { entry, warning } = detectAdapter(adapters, host, options.implementation);
      if (warning !== undefined) warn(warning);
      const { openRegistry } = await entry.load();
      const http = host === DIRECTORY_HOST ? closedDoor : await openDoor();
      const credentials = await openCredentials();
      const { insecure } = options;
      const registry = await openRegistry({
        host,
        http,
        credentials,
        options: {},
        env,
        now,
        sleep: (ms, waiting) => setTimeout(ms, undefined, { signal: waiting ?? signal }),
        warn,
        insecure,
      });
      if (host === DIRECTORY_HOST) return registry;
      return withContentCache(registry, createContentCache(cacheDirectory(env), now));
    },
    async readHistory({ fetch }) {
      const { openGit } = await import("../git/open.ts");
      const git = await openGit(options.dir, { env, signal });
      const { source, warnings } = await git.synchronize({ fetch });
      const history = await git.readHistory({ source });
      const mayBeBehind = source === "remote-tracking";
      return { ...history, mayBeBehind, warnings: [...warnings, ...history.warnings] };
    },
    async openJournal(header) {
      const directory = options.journal ?? stateDirectory(env, header.repository);
      return createJournal(resolve(directory), header);
    },
    async [Symbol.asyncDispose]() {
      await opened?.[Symbol.asyncDispose]();
    },
  };

  async function openDoor(): Promise<HttpClient> {
    door ??= import("../http/open-client.ts").then(({ openHttpClient }) =>
      openHttpClient({
        userAgent: `tidemark/${options.version}`,
        ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
        skipTlsVerify: options.skipTlsVerify,
        concurrency: parallel,
        report,
      }),
    );
    opened = await door;
    return opened;
  }

  async function openCredentials(): Promise<CredentialSource> {
    const { createCredentialSource } = await import("../credentials/source.ts");
    return createCredentialSource({
      env,
      homeDir: env["HOME"] ?? homedir(),
      warn,
      ...(options.dockerConfig === undefined ? {} : { dockerConfigDir: options.dockerConfig }),
    });
  }
}

/** The door of a run that needs no network. */
const closedDoor: HttpClient = {
  send: () => Promise.reject(new Error("a directory was asked for the network")),
  counts: () => ({ GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** `$XDG_CACHE_HOME/tidemark/content`. Source: XDG Base Directory Specification. */
function cacheDirectory(env: Environment): string {
  const given = env["XDG_CACHE_HOME"];
  const home = env["HOME"] ?? homedir();
  return join(
    given === undefined || given === "" ? join(home, ".cache") : given,
    "tidemark",
    "content",
  );
}

/**
 * `$XDG_STATE_HOME/tidemark/journal/<repository>`; the name is the repository's with a hash, so that two never meet.
 * Source: XDG Base Directory Specification.
 */
function stateDirectory(env: Environment, repository: string): string {
  const given = env["XDG_STATE_HOME"];
  const home = env["HOME"] ?? homedir();
  const state = given === undefined || given === "" ? join(home, ".local", "state") : given;
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const readable = repository.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(-80);
  return join(state, "tidemark", "journal", `${readable}-${hash}`);
}
