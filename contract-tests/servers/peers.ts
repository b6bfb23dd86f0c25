import { accessSync, constants, globSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Programs of others that tests run against; `.ci/run` installs these very versions. */
export const PEERS = {
  "docker-registry": "docker-registry",
  distribution: "registry-v3.1.1",
  olareg: "olareg-v0.2.2",
  crane: "crane-v0.21.9",
  regctl: "regctl-v0.11.5",
  toxiproxy: "toxiproxy-v2.12.0",
  moto: "moto-5.2.5/bin/moto_server",
  "moto's python": "moto-5.2.5/bin/python",
  skopeo: "skopeo",
  buildah: "buildah",
  htpasswd: "htpasswd",
  openssl: "openssl",
  "kube-apiserver": "kube-apiserver-v1.34.4",
  etcd: "etcd-v3.6.4",
  kubectl: "kubectl",
  chromium: "chromium",
  postgres: "postgres",
  initdb: "initdb",
  "lockgate 0.1.1": "lockgate-v0.1.1",
  "lockgate 0.2.0": "lockgate-v0.2.0",
} as const;

export type Peer = keyof typeof PEERS;

/** Where Debian has the programs of a PostgreSQL server, a folder a version. */
const OFF_THE_PATH = "/usr/lib/postgresql/*/bin";

/** The program's path, or `undefined` when it is not installed. */
export function findPeer(peer: Peer): string | undefined {
  const own = process.env["TIDEMARK_PEERS"] ?? join(homedir(), ".cache", "tidemark-peers", "bin");
  const path = (process.env["PATH"] ?? "").split(delimiter);
  const folders = [own, ...path, ...globSync(OFF_THE_PATH).toSorted().toReversed()];
  return folders.map((folder) => join(folder, PEERS[peer])).find(isExecutable);
}

/** The program's path. Throws when it is not installed. */
export function requirePeer(peer: Peer): string {
  const path = findPeer(peer);
  if (path === undefined) throw new Error(`${PEERS[peer]} is not installed; see .ci/run`);
  return path;
}

/** Whether a missing program is a failure, as in `.ci/run`, rather than a skipped test. */
export function peersAreRequired(): boolean {
  return process.env["TIDEMARK_REQUIRE_PEERS"] === "1";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not ours to run: the next folder may have it.
  }
}
