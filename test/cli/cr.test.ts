import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { runTidemark } from "./run.ts";
import type { Run, RunOptions } from "./run.ts";

const BOT = { username: "bot", password: "pa55:word-of-bot" };
const PAIR = Buffer.from(`${BOT.username}:${BOT.password}`).toString("base64");
const BASIC: FakeAuth = { kind: "basic", users: [BOT] };
const BEARER: FakeAuth = { kind: "bearer", users: [BOT], identityTokens: { "token-1": "bot" } };

const HOLDER = new URL("../credentials/hold-lock.ts", import.meta.url).pathname;

let home: string;
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), "tidemark-cr-"))));
afterEach(() => rm(home, { recursive: true }));

describe("cr login", () => {
  it.each([
    ["Basic", BASIC],
    ["Bearer", BEARER],
  ])("tries a password by %s and stores it", async (_, auth) => {
    await using fake = await serve(auth);

    const run = await cr(["login", fake.host, "-u", "bot", "--password-stdin"], {
      input: `${BOT.password}\n`,
    });

    expect(run).toEqual({
      exit: 0,
      stdout: `logged in to ${fake.host}\n`,
      stderr: `stored in ${home}/.docker/config.json, which is not encrypted\n`,
    });
    expect(await config()).toEqual({ auths: { [fake.host]: { auth: PAIR } } });
    expect((await stat(join(home, ".docker/config.json"))).mode & 0o777).toBe(0o600);
    expect(fake.requests().some(({ authorized, status }) => authorized && status === 200)).toBe(
      true,
    );
  });

  it.each([
    ["Basic", BASIC],
    ["Bearer", BEARER],
  ])("stores nothing that %s refuses, and repeats no secret", async (_, auth) => {
    await using fake = await serve(auth);

    const run = await cr(["login", fake.host, "-u", "bot", "-p", "hunter2"]);

    expect(run.exit).toBe(3);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("unauthorized");
    expect(run.stderr).toContain("Nothing was stored");
    expect(run.stderr).not.toContain("hunter2");
    expect(await files()).toEqual([]);
  });

  it("stores an identity token in place of the password, where one is issued", async () => {
    await using fake = await serve({ ...BEARER, kind: "bearer", issuesIdentityTokens: true });

    const run = await cr(["login", fake.host, "-u", "bot"], {
      env: { TIDEMARK_PASSWORD: BOT.password },
    });

    expect(run.exit).toBe(0);
    expect(await config()).toEqual({
      auths: { [fake.host]: { auth: base64("bot:"), identitytoken: "identity-of-bot" } },
    });
    expect(await canRead(fake)).toBe(true);
  });

  it("takes a password without a user as an identity token", async () => {
    await using fake = await serve(BEARER);

    const run = await cr(["login", fake.host, "-p", "token-1"]);

    expect(run.exit).toBe(0);
    expect(await config()).toEqual({
      auths: { [fake.host]: { auth: base64("<token>:"), identitytoken: "token-1" } },
    });
    expect(await canRead(fake)).toBe(true);
  });

  it("tells who gives a token that is none to name the user", async () => {
    await using fake = await serve(BEARER);

    const run = await cr(["login", fake.host, "-p", "no-such-token"]);

    expect(run.exit).toBe(3);
    expect(run.stderr).toContain("--username NAME");
    expect(run.stderr).not.toContain("no-such-token");
  });

  it("says when a registry that asks nobody was not able to tell", async () => {
    await using fake = await serve({ kind: "none" });

    const run = await cr(["login", fake.host, "-u", "bot", "-p", "any"]);

    expect(run.exit).toBe(0);
    expect(run.stderr).toContain(`${fake.host} asks nobody for credentials, so they may be wrong`);
  });

  it("warns of a password that others can see, and not of one from a variable", async () => {
    await using fake = await serve(BASIC);

    const typed = await cr(["login", fake.host, "-u", "bot", "-p", BOT.password]);
    const told = await cr(["login", fake.host], {
      env: { WERF_USERNAME: "bot", WERF_PASSWORD: BOT.password },
    });

    expect(typed.stderr).toContain("--password-stdin");
    expect(told.exit).toBe(0);
    expect(told.stderr).not.toContain("--password-stdin");
  });

  it("takes what comes in on stdin before a variable", async () => {
    await using fake = await serve(BASIC);

    const run = await cr(["login", fake.host, "-u", "bot", "--password-stdin"], {
      env: { TIDEMARK_PASSWORD: "another" },
      input: `${BOT.password}\r\n`,
    });

    expect(run.exit).toBe(0);
    expect(await config()).toEqual({ auths: { [fake.host]: { auth: PAIR } } });
  });

  it("takes an address with a scheme and a path for its host", async () => {
    await using fake = await serve(BASIC);

    const run = await cr(["login", `http://${fake.host}/v2/acme`, "-u", "bot", "-p", BOT.password]);

    expect(run.exit).toBe(0);
    expect(await config()).toEqual({ auths: { [fake.host]: { auth: PAIR } } });
  });

  it("hands the login to the helper that is configured", async () => {
    await using fake = await serve(BASIC);
    await mkdir(join(home, "bin"));
    const program = join(home, "bin", "docker-credential-keep");
    await writeFile(program, `#!/bin/sh\necho "$@" > "$HOME/args"\ncat > "$HOME/stored"\n`);
    await chmod(program, 0o755);
    await mkdir(join(home, ".docker"));
    await writeFile(join(home, ".docker/config.json"), '{"credsStore":"keep"}');

    const run = await cr(["login", fake.host, "-u", "bot", "--password-stdin"], {
      input: BOT.password,
      env: { PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}` },
    });

    expect(run.stderr).toBe("stored in docker-credential-keep\n");
    expect(JSON.parse(await readFile(join(home, "stored"), "utf8"))).toEqual({
      ServerURL: fake.host,
      Username: "bot",
      Secret: BOT.password,
    });
    expect(await readFile(join(home, "args"), "utf8")).toBe("store\n");
    expect(await config()).toEqual({ auths: { [fake.host]: {} }, credsStore: "keep" });
  });

  it("says when DOCKER_AUTH_CONFIG wins over what it stored", async () => {
    await using fake = await serve(BASIC);
    const auths = { [`https://${fake.host}/v1/`]: { auth: PAIR } };

    const run = await cr(["login", fake.host, "-u", "bot"], {
      env: { ...SECRET, DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) },
    });

    expect(run.exit).toBe(0);
    expect(run.stderr).toContain("DOCKER_AUTH_CONFIG has credentials for");
  });

  it("stores nothing where no file can be made, and says where", async () => {
    await using fake = await serve(BASIC);

    const run = await cr(["login", fake.host, "-u", "bot", "--docker-config", "/proc/1"], {
      env: SECRET,
    });

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain("/proc/1/config.json");
  });

  it.each([
    ["no password", ["r.test", "-u", "bot"], "no password"],
    ["two passwords", ["r.test", "-p", "a", "--password-stdin"], "exclude each other"],
    ["an empty password", ["r.test", "-u", "bot", "-p", ""], "--password is empty"],
    ["nothing on stdin", ["r.test", "-u", "bot", "--password-stdin"], "nothing came in on stdin"],
    ["an empty user", ["r.test", "-u", "", "-p", "a"], "--username is empty"],
    ["a user with a colon", ["r.test", "-u", "a:b", "-p", "a"], "colon"],
    ["an address that is none", ["r test", "-u", "a", "-p", "a"], '"r test" names no registry'],
  ])("refuses %s before anything is sent", async (_, args, words) => {
    const run = await cr(["login", ...args]);

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain(words);
  });

  it("says what to do where the configuration cannot be read", async () => {
    await using fake = await serve(BASIC);
    await mkdir(join(home, ".docker"));
    await writeFile(join(home, ".docker/config.json"), "not JSON");

    const run = await cr(["login", fake.host, "-u", "bot", "-p", BOT.password]);

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain(`${home}/.docker/config.json is not JSON`);
    expect(await readFile(join(home, ".docker/config.json"), "utf8")).toBe("not JSON");
  });
});

describe("cr logout", () => {
  it("forgets a login, and says so when there is none", async () => {
    await using fake = await serve(BASIC);
    await cr(["login", fake.host, "-u", "bot", "-p", BOT.password]);

    const first = await cr(["logout", fake.host]);
    const second = await cr(["logout", fake.host]);

    expect(first).toEqual({ exit: 0, stdout: `logged out from ${fake.host}\n`, stderr: "" });
    expect(second).toEqual({ exit: 0, stdout: `not logged in to ${fake.host}\n`, stderr: "" });
    expect(await config()).toEqual({ auths: {} });
  });

  it("without a registry means docker's default one", async () => {
    await mkdir(join(home, ".docker"));
    const auths = { "https://index.docker.io/v1/": { auth: PAIR }, "r.test": { auth: PAIR } };
    await writeFile(join(home, ".docker/config.json"), JSON.stringify({ auths }));

    const run = await cr(["logout"]);

    expect(run.stdout).toBe("logged out from index.docker.io\n");
    expect(await config()).toEqual({ auths: { "r.test": { auth: PAIR } } });
  });
});

describe("20 jobs that log in at the same time to different registries", () => {
  it("all find their login, beside what was there", { timeout: 120_000 }, async () => {
    const fakes = await Promise.all(Array.from({ length: 20 }, () => serve(BASIC)));
    await mkdir(join(home, ".docker"));
    const before = { psFormat: "table", auths: { "r.test": { auth: PAIR } } };
    await writeFile(join(home, ".docker/config.json"), JSON.stringify(before));
    try {
      const runs = await Promise.all(
        fakes.map(({ host }) => cr(["login", host, "-u", "bot"], { env: SECRET })),
      );

      expect(runs.map(({ exit }) => exit)).toEqual(fakes.map(() => 0));
      const hosts = fakes.map(({ host }) => [host, { auth: PAIR }] as const);
      expect(await config()).toEqual({
        psFormat: "table",
        auths: { ...before.auths, ...Object.fromEntries(hosts) },
      });
      expect(await files()).toEqual(["config.json"]);
    } finally {
      await Promise.all(fakes.map((fake) => fake.close()));
    }
  });

  it("do not wait for one that was killed while it wrote", async () => {
    await using fake = await serve(BASIC);
    await mkdir(join(home, ".docker"));
    const holder = spawn(process.execPath, [HOLDER, join(home, ".docker/config.json.lock")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const left = join(home, ".docker/config.json.tidemark-0123456789abcdef");
    await writeFile(left, "half of a secret");
    holder.kill("SIGKILL");
    await once(holder, "close");

    const run = await cr(["login", fake.host, "-u", "bot"], { env: SECRET });

    expect(run.exit).toBe(0);
    expect(await files()).toEqual(["config.json"]);
  });
});

describe.skipIf(findPeer("skopeo") === undefined && !peersAreRequired())("skopeo", () => {
  it.each([
    ["a password", BEARER, ["-u", "bot", "-p", BOT.password]],
    ["an identity token", BEARER, ["-p", "token-1"]],
  ])("uses %s that was stored", async (_, auth, words) => {
    await using fake = await serve(auth);
    repositoryIn(fake.state, "acme/shop");
    await cr(["login", fake.host, ...words]);

    const skopeo = findPeer("skopeo") ?? "skopeo";
    const args = ["list-tags", "--tls-verify=false", `docker://${fake.host}/acme/shop`];
    const env = { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: home };
    const { stdout } = await promisify(execFile)(skopeo, args, { env });

    expect(JSON.parse(stdout)).toMatchObject({ Tags: [] });
  });
});

const SECRET = { TIDEMARK_PASSWORD: BOT.password };

async function serve(auth: FakeAuth): Promise<ListeningRegistry & AsyncDisposable> {
  return createFakeRegistry({ auth }).listen();
}

function cr(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
  return runTidemark(["cr", ...args], { home, ...options });
}

/** Whether Tidemark itself is let in by what is stored. */
async function canRead({ host }: ListeningRegistry): Promise<boolean> {
  const { exit } = await runTidemark(["registry", "check", `${host}/acme/shop`], { home });
  return exit === 0;
}

async function config(): Promise<unknown> {
  return JSON.parse(await readFile(join(home, ".docker/config.json"), "utf8"));
}

async function files(): Promise<string[]> {
  return readdir(join(home, ".docker")).catch(() => []);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
