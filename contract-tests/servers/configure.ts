import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FakeUser } from "../fakes/auth.ts";
import type { ServerCertificate } from "./certificates.ts";
import { requirePeer } from "./peers.ts";
import { run } from "./run.ts";
import { ISSUER, SERVICE } from "./token-server.ts";

export type ServerKind = "docker-registry" | "distribution" | "olareg";

/** What a server's configuration is written from. */
export interface Setting {
  /** For its data and its configuration. */
  readonly directory: string;
  readonly port: number;
  readonly user: FakeUser;
  readonly tls?: ServerCertificate;
  readonly auth?: { readonly kind: "basic" } | TokenSetting;
}

interface TokenSetting {
  readonly kind: "bearer";
  /** Absent for a server that issues its own tokens. */
  readonly issuer?: { readonly realm: string; readonly certPath: string };
}

/** Writes the configuration of a server and answers with its arguments. */
export function configure(kind: ServerKind, setting: Setting): Promise<readonly string[]> {
  switch (kind) {
    case "docker-registry":
      return configureDistribution(setting, {});
    case "distribution":
      return configureDistribution(setting, { tags: { maxtags: MAX_TAGS } });
    case "olareg":
      return configureOlareg(setting);
  }
}

/** Tags of a page of distribution 3, the most it answers with: few enough to be quick. */
const MAX_TAGS = 100;

/** JSON is YAML. Source: distribution, docs/content/about/configuration.md. */
async function configureDistribution(setting: Setting, more: object): Promise<readonly string[]> {
  const { directory, port, tls, auth } = setting;
  const path = join(directory, "config.yml");
  const config = {
    version: 0.1,
    ...more,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      cache: { blobdescriptor: "inmemory" },
      filesystem: { rootdirectory: join(directory, "data"), maxthreads: 100 },
      delete: { enabled: true },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls === undefined ? {} : { tls: { certificate: tls.certPath, key: tls.keyPath } }),
    },
    ...(auth?.kind === "basic"
      ? { auth: { htpasswd: { realm: "test", path: await writeHtpasswd(setting) } } }
      : {}),
    ...(auth?.kind === "bearer" && auth.issuer !== undefined
      ? {
          auth: {
            token: {
              realm: auth.issuer.realm,
              service: SERVICE,
              issuer: ISSUER,
              rootcertbundle: auth.issuer.certPath,
            },
          },
        }
      : {}),
  };
  await writeFile(path, JSON.stringify(config));
  return ["serve", path];
}

async function configureOlareg(setting: Setting): Promise<readonly string[]> {
  const { directory, port, tls, auth, user } = setting;
  const args = ["serve", "--addr", "127.0.0.1", "--port", `${port}`, "--store-type", "mem"];
  args.push("--api-delete", "--gc-frequency=-1s");
  if (tls !== undefined) args.push("--tls-cert", tls.certPath, "--tls-key", tls.keyPath);
  if (auth === undefined) return args;
  const path = join(directory, "auth.yml");
  const [, cred] = (await hashPassword(user)).split(":");
  const acls = [
    { repo: "*", members: [user.username], access: ["*"] },
    { repo: "", members: [user.username], access: ["read"] },
  ];
  await writeFile(path, JSON.stringify({ users: { [user.username]: { cred } }, acls }));
  if (auth.kind === "basic") return [...args, "--auth-basic", path];
  const url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return [...args, "--auth-token-opaque", path, "--external-url", url];
}

async function writeHtpasswd({ directory, user }: Setting): Promise<string> {
  const path = join(directory, "htpasswd");
  await writeFile(path, `${await hashPassword(user)}\n`);
  return path;
}

/** `user:hash`. Cost 5: servers hash on every request, and 10 takes 54 ms. */
async function hashPassword({ username, password }: FakeUser): Promise<string> {
  const line = await run(requirePeer("htpasswd"), ["-Bbn", "-C", "5", username, password]);
  return line.trim();
}
