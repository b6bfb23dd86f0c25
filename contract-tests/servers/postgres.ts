import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import pg from "pg";

import { findPeer, requirePeer } from "./peers.ts";
import type { Peer } from "./peers.ts";
import { freePort, run, start } from "./run.ts";
import type { Running } from "./run.ts";

/** A PostgreSQL server of its own, on a free port of the loopback interface, with nothing in it. */
export interface Postgres extends AsyncDisposable {
  /** Of its administrator: `postgres://postgres:…@127.0.0.1:PORT/postgres` */
  readonly address: string;
  readonly password: string;
  /** As the administrator; answers with the rows. */
  query(statement: string): Promise<readonly unknown[]>;
  /** Ends it as a power failure would. */
  kill(): Promise<void>;
  /** Starts it again with what it has on disk. */
  restart(): Promise<void>;
}

const PEERS: readonly Peer[] = ["postgres", "initdb"];

/** Programs that are not installed here. */
export function missingForPostgres(): readonly Peer[] {
  return PEERS.filter((peer) => findPeer(peer) === undefined);
}

const PASSWORD = "s3cret-of-the-database";

/** Rejects when its programs are missing or do not come up. */
export async function startPostgres(): Promise<Postgres> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-postgres-"));
  const at = (name: string): string => join(directory, name);
  const asUser = await unprivileged([directory]);
  await writeFile(at("password"), PASSWORD);
  await mkdir(at("data"));
  await unprivileged([at("password"), at("data")]);
  const [program, ...args] = [...asUser, requirePeer("initdb")];
  const options = ["--auth=scram-sha-256", "--username=postgres", `--pwfile=${at("password")}`];
  await run(program, [...args, `--pgdata=${at("data")}`, ...options, "--no-sync", "--locale=C"]);
  const port = await freePort();
  const address = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  let server = await launch();

  return {
    address,
    password: PASSWORD,
    query,
    async kill() {
      if (server.pid !== undefined) process.kill(server.pid, "SIGQUIT"); // It and all its children, without a word.
      await server.stop();
    },
    async restart() {
      server = await launch();
    },
    async [Symbol.asyncDispose]() {
      if (server.pid !== undefined && (await isUp())) process.kill(server.pid, "SIGINT");
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };

  function launch(): Promise<Running> {
    const [command, ...words] = [...asUser, requirePeer("postgres"), "-D", at("data")];
    const listen = ["-p", String(port), "-c", "listen_addresses=127.0.0.1"];
    const store = ["-k", directory, "-c", "shared_buffers=16MB", "-c", "max_connections=50"];
    return start({ program: command, args: [...words, ...listen, ...store], isReady: isUp });
  }

  async function isUp(): Promise<boolean> {
    try {
      await query("SELECT 1");
      return true;
    } catch {
      return false; // Not listening, or still reading its log.
    }
  }

  async function query(statement: string): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: address });
    client.on("error", () => {});
    await client.connect();
    try {
      const { rows } = await client.query(statement);
      return rows;
    } finally {
      await client.end();
    }
  }
}

/**
 * The server refuses to run as root: then the user that Debian made for it gets the paths, and the answer is what to put
 * before a command so that it runs as that user.
 */
async function unprivileged(paths: readonly string[]): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const uid = Number(await run("id", ["-u", "postgres"]));
  const gid = Number(await run("id", ["-g", "postgres"]));
  for (const path of paths) await chown(path, uid, gid);
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}
