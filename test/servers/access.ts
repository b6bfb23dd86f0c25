import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FakeUser } from "../../contract-tests/fakes/auth.ts";
import type { CliAccess } from "../scenarios/backend.ts";
import { GIT_ENV } from "../scenarios/git.ts";

/** Where the command line finds user and password. */
export type Keeping = "config.json" | "credential helper" | "DOCKER_AUTH_CONFIG";

export interface AccessOptions {
  /** For the files; each call makes a folder of its own. */
  readonly root: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly credentials?: { readonly user: FakeUser; readonly keeping: Keeping };
  /** How a server with TLS is trusted. Absent: by the machine's own authorities. */
  readonly trust?: { readonly caPem: string } | "anybody";
}

/** What a command needs to get into a registry, as a person or a CI job has it. */
export async function makeAccess(options: AccessOptions): Promise<CliAccess> {
  const dir = await mkdtemp(join(options.root, "access-"));
  const args = await trustArgs(dir, options.trust);
  const { host, credentials } = options;
  if (credentials === undefined) return { args, env: {} };
  return { args, env: await loginEnv(dir, host, credentials) };
}

async function trustArgs(dir: string, trust: AccessOptions["trust"]): Promise<string[]> {
  if (trust === undefined) return [];
  if (trust === "anybody") return ["--skip-tls-verify-registry"];
  const file = join(dir, "ca.pem");
  await writeFile(file, trust.caPem);
  return ["--registry-ca-file", file];
}

async function loginEnv(
  dir: string,
  host: string,
  { user, keeping }: NonNullable<AccessOptions["credentials"]>,
): Promise<Record<string, string>> {
  const { username, password } = user;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const auths = JSON.stringify({ auths: { [host]: { auth } } });
  switch (keeping) {
    case "DOCKER_AUTH_CONFIG":
      return { DOCKER_AUTH_CONFIG: auths };
    case "config.json":
      await writeFile(join(dir, "config.json"), auths);
      return { DOCKER_CONFIG: dir };
    case "credential helper": {
      const bin = join(dir, "bin");
      await writeHelper(bin, { ServerURL: host, Username: username, Secret: password });
      await writeFile(
        join(dir, "config.json"),
        JSON.stringify({ credHelpers: { [host]: "test-vault" } }),
      );
      return { DOCKER_CONFIG: dir, PATH: `${bin}:${GIT_ENV["PATH"]}` };
    }
  }
}

/** Knows one server. Source: docker-credential-helpers, the `get` command. */
async function writeHelper(
  bin: string,
  entry: { readonly ServerURL: string; readonly Username: string; readonly Secret: string },
): Promise<void> {
  const file = join(bin, "docker-credential-test-vault");
  const lines = [
    "#!/bin/sh",
    "read -r server",
    `if [ "$1" != get ] || [ "$server" != "${entry.ServerURL}" ]; then`,
    '  echo "credentials not found in native keychain"',
    "  exit 1",
    "fi",
    `echo '${JSON.stringify(entry)}'`,
    "",
  ];
  await mkdir(bin);
  await writeFile(file, lines.join("\n"));
  await chmod(file, 0o755);
}
