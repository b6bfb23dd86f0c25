import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { lockPatiently } from "../../src/compose/login.ts";
import type { Login } from "../../src/credentials/login.ts";
import { createCredentialSource } from "../../src/credentials/source.ts";
import { eraseLogin, storeLogin } from "../../src/credentials/store.ts";
import type { StoreOptions } from "../../src/credentials/store.ts";

const BOT: Login = { kind: "password", username: "bot", password: 'pa"ss:wörd\\' };
const TOKEN: Login = { kind: "identity-token", token: "refresh-1" };

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tidemark-store-"));
  await mkdir(join(home, "bin"));
  await mkdir(join(home, ".docker"));
});
afterEach(() => rm(home, { recursive: true }));

describe("a login in the file", () => {
  it.each([
    ["password", BOT, { ...BOT }],
    ["token", TOKEN, { kind: "identity-token", token: "refresh-1" }],
    [
      "token of a user",
      { ...TOKEN, username: "bot" },
      { kind: "identity-token", token: "refresh-1" },
    ],
  ] as const)("is found again: a %s", async (_, login, credentials) => {
    const place = await storeLogin("r.test:5000", login, options());

    expect(place).toEqual({ path: join(home, ".docker/config.json") });
    expect(await find("r.test:5000")).toEqual(credentials);
  });

  it("of the default host is found by each of its names", async () => {
    await storeLogin("index.docker.io", BOT, options());

    expect(await find("docker.io")).toEqual(BOT);
  });

  it("takes the place of the one before, however that was spelled", async () => {
    await config({ auths: { "https://r.test/v1/": { auth: "YTpi" } } });

    await storeLogin("r.test", BOT, options());

    expect(await find("r.test")).toEqual(BOT);
  });

  it("is gone after a logout, and only that one", async () => {
    await storeLogin("r.test", BOT, options());
    await storeLogin("q.test", BOT, options());

    expect(await eraseLogin("r.test", options())).toEqual({
      path: join(home, ".docker/config.json"),
    });
    expect(await eraseLogin("r.test", options())).toBeUndefined();
    expect(await find("r.test")).toBeUndefined();
    expect(await find("q.test")).toEqual(BOT);
  });

  it("goes where the directory is named", async () => {
    await storeLogin("r.test", BOT, { ...options(), dockerConfigDir: join(home, "other") });

    expect(JSON.parse(await readFile(join(home, "other/config.json"), "utf8"))).toHaveProperty([
      "auths",
      "r.test",
    ]);
  });

  it("is refused where the file is not JSON, which then stays as it is", async () => {
    await writeFile(join(home, ".docker/config.json"), "{ not JSON");

    await expect(storeLogin("r.test", BOT, options())).rejects.toThrow("is not JSON");
    expect(await readFile(join(home, ".docker/config.json"), "utf8")).toBe("{ not JSON");
  });
});

describe("a login in a helper", () => {
  it.each([
    ["of all hosts", { credsStore: "keep" }],
    ["of the host", { credHelpers: { "https://r.test": "keep" }, credsStore: "no-such" }],
  ])("%s is found again, and the file has no secret", async (_, content) => {
    await helper("keep", KEEPING);
    await config({ ...content, auths: { "r.test": { auth: "YTpi" } } });

    const place = await storeLogin("r.test", BOT, options());

    expect(place.program).toBe("docker-credential-keep");
    expect(await find("r.test")).toEqual(BOT);
    expect(await readConfig()).toEqual({ ...content, auths: { "r.test": {} } });
  });

  it("gets an identity token under the name that helpers have for it", async () => {
    await helper("keep", KEEPING);
    await config({ credsStore: "keep" });

    await storeLogin("r.test", TOKEN, options());

    expect(JSON.parse(await readFile(join(home, "stored"), "utf8"))).toEqual({
      ServerURL: "r.test",
      Username: "<token>",
      Secret: "refresh-1",
    });
    expect(await find("r.test")).toEqual({ kind: "identity-token", token: "refresh-1" });
  });

  it("of the default host is kept under docker's address for it", async () => {
    await helper("keep", KEEPING);
    await config({ credsStore: "keep" });

    await storeLogin("index.docker.io", BOT, options());

    expect(JSON.parse(await readFile(join(home, "stored"), "utf8"))).toMatchObject({
      ServerURL: "https://index.docker.io/v1/",
    });
  });

  it("goes to its stdin, never to its arguments", async () => {
    await helper("keep", KEEPING);
    await config({ credsStore: "keep" });

    await storeLogin("r.test", BOT, options());
    await eraseLogin("r.test", options());

    expect(await readFile(join(home, "calls"), "utf8")).toBe("store\nerase\n");
  });

  it("is gone after a logout, with what the file had of the host", async () => {
    await helper("keep", KEEPING);
    await config({ credsStore: "keep" });
    await storeLogin("r.test", BOT, options());

    expect(await eraseLogin("r.test", options())).toMatchObject({
      program: "docker-credential-keep",
    });
    expect(await find("r.test")).toBeUndefined();
    expect(await readConfig()).toEqual({ credsStore: "keep", auths: {} });
    expect(await eraseLogin("r.test", options())).toBeUndefined();
  });

  it.each([
    ["the password", "cat; exit 1"],
    ["words with the password", 'printf "bad %s" "$(cat)"; exit 1'],
    ["the words for what it does not know", 'echo "credentials not found"; exit 1'],
    ["words on a line after the first", 'echo "not now"; cat; exit 1'],
  ])("that fails with %s shows no secret, and nothing is stored", async (_, script) => {
    await helper("broken", script);
    await config({ credsStore: "broken" });

    const refused = await storeLogin("r.test", { ...BOT, password: "hunter2" }, options()).catch(
      String,
    );

    expect(refused).toContain("docker-credential-broken stored nothing for r.test (exit 1)");
    expect(refused).not.toContain("hunter2");
    expect(await readConfig()).toEqual({ credsStore: "broken" });
  });

  it("that cannot erase is named, and what the file has is gone all the same", async () => {
    await helper("broken", "exit 2");
    await config({ credsStore: "broken", auths: { "r.test": { auth: "YTpi" } } });

    await expect(eraseLogin("r.test", options())).rejects.toThrow("erased nothing for r.test");
    expect(await readConfig()).toEqual({ credsStore: "broken", auths: {} });
  });

  it("that is not installed is named, and no file takes its place", async () => {
    await config({ credsStore: "absent" });

    await expect(storeLogin("r.test", BOT, options())).rejects.toThrow(
      "cannot run docker-credential-absent",
    );
    expect(await readConfig()).toEqual({ credsStore: "absent" });
  });
});

/** Keeps what it is told in a file of its own. */
const KEEPING = `
echo "$1" >> "$HOME/calls"
case "$1" in
  store) cat > "$HOME/stored" ;;
  get) cat "$HOME/stored" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm "$HOME/stored" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
esac`;

async function helper(suffix: string, script: string): Promise<void> {
  const path = join(home, "bin", `docker-credential-${suffix}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

function options(): StoreOptions {
  return { env: environment(), homeDir: home, lock: lockPatiently(AbortSignal.timeout(30_000)) };
}

function environment(): Record<string, string> {
  return { HOME: home, PATH: `${join(home, "bin")}:/usr/bin:/bin` };
}

function find(host: string): Promise<unknown> {
  const source = createCredentialSource({
    env: environment(),
    homeDir: home,
    warn: () => undefined,
  });
  return source.find(host, "acme/shop");
}

async function config(content: object): Promise<void> {
  await writeFile(join(home, ".docker/config.json"), JSON.stringify(content));
}

async function readConfig(): Promise<unknown> {
  return JSON.parse(await readFile(join(home, ".docker/config.json"), "utf8"));
}
