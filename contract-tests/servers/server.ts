import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { FakeUser } from "../fakes/auth.ts";
import type { TlsFiles } from "../fakes/serve.ts";
import { makeServerCertificate, makeSigningKey } from "./certificates.ts";
import type { ServerCertificate } from "./certificates.ts";
import { configure } from "./configure.ts";
import type { ServerKind, Setting } from "./configure.ts";
import { requirePeer } from "./peers.ts";
import { freePort, start } from "./run.ts";
import { startTokenServer } from "./token-server.ts";

export type { ServerKind } from "./configure.ts";

export interface ServerOptions {
  readonly kind: ServerKind;
  readonly tls?: boolean;
  readonly auth?: "basic" | "bearer";
  /** Where the directory for its files is made. Absent: where temporary files are. */
  readonly within?: string;
}

/** A real registry server, a child process on a free port of the loopback interface. */
export interface Server extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  /** Where it keeps its files. Gone when it is stopped. */
  readonly directory: string;
  /** The authority to trust; absent for plain HTTP. */
  readonly caPem?: string;
  /** Absent when anybody may do anything. */
  readonly credentials?: FakeUser;
  stop(): Promise<void>;
}

const USER: FakeUser = { username: "bot", password: "s3cret-of-the-bot" };

/** Starts a server with an empty store. Rejects when its program is missing or does not come up. */
export async function startServer({
  kind,
  tls = false,
  auth,
  within = tmpdir(),
}: ServerOptions): Promise<Server> {
  const program = requirePeer(kind);
  const directory = await mkdtemp(join(within, `tidemark-${kind}-`));
  const port = await freePort();
  const certificate = tls ? await makeServerCertificate(directory) : undefined;
  const login = await prepareLogin({ kind, auth, directory, certificate });
  const args = await configure(kind, {
    directory,
    port,
    user: USER,
    ...(certificate === undefined ? {} : { tls: certificate }),
    ...(login === undefined ? {} : { auth: login.auth }),
  });
  const host = `127.0.0.1:${port}`;
  const url = `${tls ? "https" : "http"}://${host}`;
  const child = await start({ program, args, isReady: () => answers(url, certificate) });
  const stop = async (): Promise<void> => {
    await child.stop();
    await login?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return {
    host,
    url,
    directory,
    ...(certificate === undefined ? {} : { caPem: certificate.caPem }),
    ...(auth === undefined ? {} : { credentials: USER }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Login {
  readonly auth: NonNullable<Setting["auth"]>;
  readonly stop: () => Promise<void>;
}

/** What authentication needs beside the server: for signed tokens, who signs them. */
async function prepareLogin({
  kind,
  auth,
  directory,
  certificate,
}: {
  readonly kind: ServerKind;
  readonly auth: ServerOptions["auth"];
  readonly directory: string;
  readonly certificate: ServerCertificate | undefined;
}): Promise<Login | undefined> {
  if (auth === undefined) return undefined;
  if (auth === "basic" || kind === "olareg") return { auth: { kind: auth }, stop: async () => {} };
  const key = await makeSigningKey(directory);
  const tls = certificate === undefined ? undefined : await readTlsFiles(certificate);
  const issuer = await startTokenServer({
    key,
    users: [USER],
    ...(tls === undefined ? {} : { tls }),
  });
  const realm = `${issuer.url}/token`;
  return {
    auth: { kind: "bearer", issuer: { realm, certPath: key.certPath } },
    stop: () => issuer.close(),
  };
}

/** The token service stands beside the registry, with the same certificate. */
async function readTlsFiles({ certPath, keyPath }: ServerCertificate): Promise<TlsFiles> {
  return { cert: await readFile(certPath, "utf8"), key: await readFile(keyPath, "utf8") };
}

async function answers(url: string, certificate: ServerCertificate | undefined): Promise<boolean> {
  const ca = certificate?.caPem;
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  try {
    const { statusCode, body } = await request(`${url}/v2/`, { dispatcher });
    await body.dump();
    return statusCode < 500;
  } catch {
    return false; // Not listening yet.
  } finally {
    await dispatcher.close();
  }
}
