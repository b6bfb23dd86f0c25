import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";

import { adapters } from "../../adapters/index.ts";
import type { LockDeps, RegistryDeps } from "../commands/deps.ts";
import type { MigrateDeps } from "../commands/migrate/migrate.ts";
import type { Event } from "../events/event.ts";
import type { HttpClient } from "../http/client.ts";
import { createContentCache } from "../journal/content-cache.ts";
import { createJournal } from "../journal/journal.ts";
import { ARCHIVE_HOST, DIRECTORY_HOST, isInFiles, parseRepository } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { CredentialSource } from "../registry/adapter.ts";
import { detectAdapter } from "../registry/detect.ts";
import type { Detection } from "../registry/detect.ts";
import type { Look } from "../registry/look.ts";
import { disposeAll } from "../registry/dispose.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clusters } from "../usage/kubernetes/open.ts";
import type { ClusterRequest } from "../usage/kubernetes/request.ts";
import { optionValues, unusedOptions } from "./adapter-options.ts";
import type { RoleAccess } from "./adapter-options.ts";
import { withContentCache } from "./cached-registry.ts";
import type { Environment } from "./environment.ts";
import { createRunner } from "./runner.ts";
import type { PatientLook } from "./look.ts";
import { shareRegistry } from "./shared-registry.ts";
import { journalDirectoryOf, migrationStatePath } from "./state-directory.ts";

/** What a run is told about its surroundings, everything resolved. */
export interface SessionOptions {
  /** Project directory with Git and configuration. */
  readonly dir: string;
  readonly env: Environment;
  /** What was told about the registry of a role; asked when one is opened. */
  readonly access: (role: string) => RoleAccess;
  /** Plain HTTP is allowed. */
  readonly insecure: boolean;
  readonly skipTlsVerify: boolean;
  /** Certificates in PEM, trusted besides the system's. */
  readonly caPem: string | undefined;
  /** Directory of the docker configuration. */
  readonly dockerConfig: string | undefined;
  readonly parallel: number;
  /**
   * The directory where journals go, or `registry`: into the repository itself. Absent: the user's state directory, a
   * folder per repository.
   */
  readonly journal: string | undefined;
  readonly version: string;
  readonly report: (event: Event) => void;
  readonly signal: AbortSignal;
}

export interface Session extends SessionDeps, AsyncDisposable {}

/** What commands are given of it. */
export interface SessionDeps extends RegistryDeps, LockDeps, MigrateDeps {}

/** Connects the commands to the machine: network, Git, files, clock. Libraries load when they are used. */
export function openSession(options: SessionOptions): Session {
  const { env, report, signal, parallel } = options;
  const now = (): Date => new Date();
  let door: Promise<HttpClient> | undefined;
  let opened: HttpClient | undefined;
  let look: Promise<PatientLook> | undefined;
  /** A host whose name tells enough needs no network to be told. */
  const lazyLook: Look = {
    greet: async (host) => (await openLook()).greet(host),
    ask: (host) => async (path) => (await openLook()).ask(host)(path),
  };
  let clusters: Promise<Clusters> | undefined;
  const registries = new Map<string, Promise<Registry>>();
  const directories: Promise<Registry>[] = [];
  const archives = new Map<string, () => Promise<Registry>>();
  const warned = new Set<string>();
  const warn = (message: string): void => {
    if (warned.has(message)) return;
    warned.add(message);
    report({ type: "warning.raised", message });
  };

  return {
    runner: createRunner({ env, now, signal }),
    report,
    signal,
    now,
    parallel,
    requests: () => opened?.counts() ?? { GET: 0, HEAD: 0, PUT: 0, POST: 0, PATCH: 0, DELETE: 0 },
    detect: ({ host }, probes) => detect(host, options.access("repo"), probes),
    openRegistry: openRegistryOf,
    async readHistory({ fetch }) {
      const { openGit } = await import("../git/open.ts");
      const git = await openGit(options.dir, { env, signal });
      const { source, warnings } = await git.synchronize({ fetch });
      const history = await git.readHistory({ source });
      const mayBeBehind = source === "remote-tracking";
      return { ...history, mayBeBehind, warnings: [...warnings, ...history.warnings] };
    },
    openClusters(request, { tolerant }) {
      clusters ??= openClusters(request, tolerant);
      return clusters;
    },
    async readImageNames(request) {
      const { readImageNames } = await import("./image-names.ts");
      return readImageNames(options.dir, request, { env, signal });
    },
    async openJournal(header, registry) {
      if (options.journal === "registry") {
        const { createRegistryJournal } = await import("../journal/registry-journal.ts");
        const repository = parseRepository(header.repository);
        const random = randomBytes(4).toString("hex");
        return createRegistryJournal({ registry, repository, header, random, signal });
      }
      const directory = options.journal ?? journalDirectoryOf(env, header.repository);
      return createJournal(resolve(directory), header);
    },
    async openMigrationState(header, path = migrationStatePath(env, header)) {
      const { openMigrationState } = await import("../journal/migration-state.ts");
      return openMigrationState(path, header);
    },
    async openLocks(synchronization, place) {
      const { openLocks } = await import("./locks.ts");
      const registry = (): Promise<Registry> => openRegistryOf(place.repository);
      const { version } = options;
      const surroundings = { env, http: openDoor, registry, warn, now, version };
      return openLocks(synchronization, place, surroundings);
    },
    async [Symbol.asyncDispose]() {
      try {
        const asked = await Promise.allSettled([...registries.values(), ...directories]);
        await disposeAll(asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
      } finally {
        const [known] = await Promise.allSettled([clusters]);
        if (known.status === "fulfilled") await known.value?.[Symbol.asyncDispose]();
        await opened?.[Symbol.asyncDispose]();
      }
    },
  };

  async function openRegistryOf({ host }: Repository, role = "repo"): Promise<Registry> {
    if (host === DIRECTORY_HOST) {
      const directory = open(host, options.access(role));
      directories.push(directory);
      return directory;
    }
    if (host === ARCHIVE_HOST) return await openArchives(role);
    const key = `${role} ${host}`;
    const known = registries.get(key) ?? open(host, options.access(role));
    registries.set(key, known);
    return { ...(await known), [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  /** A file that is written can be read only by whoever writes it, so all who have a role share one. */
  async function openArchives(role: string): Promise<Registry> {
    const share =
      archives.get(role) ?? shareRegistry(() => open(ARCHIVE_HOST, options.access(role)));
    archives.set(role, share);
    const archive = share();
    directories.push(archive);
    return await archive;
  }

  async function openClusters(request: ClusterRequest, tolerant: boolean): Promise<Clusters> {
    const { openClusters: openAll } = await import("../usage/kubernetes/open.ts");
    const homeDir = env["HOME"] ?? homedir();
    const { version } = options;
    return openAll(request, { env, homeDir, podRoot: "/", signal, now, version, tolerant });
  }

  async function detect(
    host: string,
    { implementation }: RoleAccess,
    probes: "none" | "ambiguous" | "all",
  ): Promise<Detection> {
    return detectAdapter(adapters, {
      host,
      asked: implementation,
      ...(probes === "none" ? {} : { look: lazyLook, probes }),
    });
  }

  async function open(host: string, access: RoleAccess): Promise<Registry> {
    const { entry, warning, greeting } = await detect(host, access, "ambiguous");
    for (const text of [warning, unusedOptions(entry, access, host)]) {
      if (text !== undefined) warn(text);
    }
    const { openRegistry } = await entry.load();
    const registry = await openRegistry({
      host,
      http: isInFiles({ host }) ? closedDoor : await doorTo(host),
      credentials: await openCredentials(),
      options: optionValues(entry, access, env),
      env,
      now,
      sleep: (ms, waiting) => setTimeout(ms, undefined, { signal: waiting ?? signal }),
      warn,
      insecure: options.insecure,
      ...(greeting === undefined ? {} : { greeting }),
    });
    if (isInFiles({ host })) return registry;
    return withContentCache(registry, createContentCache(cacheDirectory(env), now));
  }

  async function doorTo(host: string): Promise<HttpClient> {
    const http = await openDoor();
    if (look === undefined) return http;
    const failure = (await look).failure(host);
    if (failure === undefined) return http;
    const { closedBy } = await import("./look.ts");
    return closedBy(http, failure);
  }

  async function openLook(): Promise<PatientLook> {
    look ??= Promise.all([import("./look.ts"), openDoor()]).then(([{ createLook }, http]) =>
      createLook({ http, insecure: options.insecure, signal }),
    );
    return look;
  }

  async function openDoor(): Promise<HttpClient> {
    door ??= import("../http/open-client.ts").then(({ openHttpClient }) =>
      openHttpClient({
        userAgent: `tidemark/${options.version}`,
        ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
        skipTlsVerify: options.skipTlsVerify,
        concurrency: parallel,
        report,
        skewed: (host, skewMs) => warn(describeSkew(host, skewMs)),
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

function describeSkew(host: string, skewMs: number): string {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  return `this machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} that of ${host}; ages and timestamps are off by as much`;
}

/** The door of a run that needs no network. */
const closedDoor: HttpClient = {
  send: () => Promise.reject(new Error("a file was asked for the network")),
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
