import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CredentialsError } from "../../src/credentials/error.ts";
import { createCredentialSource } from "../../src/credentials/source.ts";
import type { CredentialSourceOptions } from "../../src/credentials/source.ts";

const PAIR = Buffer.from("bot:s3cret:with:colons").toString("base64");
const BOT = { kind: "password", username: "bot", password: "s3cret:with:colons" };

let home: string;
let warnings: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tidemark-credentials-"));
  warnings = [];
});

afterEach(() => rm(home, { recursive: true }));

describe("createCredentialSource", () => {
  it("knows nothing without any file", async () => {
    expect(await find({}, "r.test")).toBeUndefined();
  });

  it.each([
    ["auth", { auth: PAIR }, BOT],
    [
      "auth that ends in NUL",
      { auth: Buffer.from("a:b\0\0").toString("base64") },
      password("a", "b"),
    ],
    ["user and password", { username: "a", password: "b" }, password("a", "b")],
    [
      "identity token",
      { auth: PAIR, identitytoken: "id" },
      { kind: "identity-token", token: "id" },
    ],
    [
      "the helpers' name for an identity token",
      { username: "<token>", password: "id" },
      { kind: "identity-token", token: "id" },
    ],
    ["registry token", { registrytoken: "reg" }, { kind: "bearer-token", token: "reg" }],
    ["nothing", {}, undefined],
    ["empty fields", { auth: "", identitytoken: "" }, undefined],
  ])("reads an entry with %s", async (_, entry, credentials) => {
    await write(".docker/config.json", { auths: { "r.test": entry } });

    expect(await find({}, "r.test")).toEqual(credentials);
  });

  it.each(["r.test:5000", "https://r.test:5000", "https://r.test:5000/v2/", "R.test:5000/"])(
    "finds a host by the key %s",
    async (key) => {
      await write(".docker/config.json", { auths: { [key]: { auth: PAIR } } });

      expect(await find({}, "r.test:5000")).toEqual(BOT);
    },
  );

  it.each(["r.test", "r.test:50000", "evil-r.test:5000", "r.test.evil:5000"])(
    "does not take the credentials of %s for another host's",
    async (key) => {
      await write(".docker/config.json", { auths: { [key]: { auth: PAIR } } });

      expect(await find({}, "r.test:5000")).toBeUndefined();
    },
  );

  it.each(["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])(
    "finds the default host by %s",
    async (key) => {
      await write(".docker/config.json", { auths: { [key]: { auth: PAIR } } });

      expect(await find({}, "index.docker.io")).toEqual(BOT);
    },
  );

  it("prefers what was given for the role, on the role's host only", async () => {
    await write(".docker/config.json", { auths: { "other.test": { auth: PAIR } } });
    const explicit = { host: "r.test", username: "me", password: "mine" };

    expect(await find({ explicit }, "r.test")).toEqual(password("me", "mine"));
    expect(await find({ explicit }, "other.test")).toEqual(BOT);
    expect(await find({ explicit }, "third.test")).toBeUndefined();
  });

  it("reads the directory of the option, else of DOCKER_CONFIG, else of the home", async () => {
    await write("a/config.json", { auths: { "r.test": { username: "a", password: "a" } } });
    await write("b/config.json", { auths: { "r.test": { username: "b", password: "b" } } });
    await write(".docker/config.json", { auths: { "r.test": { username: "c", password: "c" } } });
    const env = { DOCKER_CONFIG: join(home, "b") };

    expect(await find({ dockerConfigDir: join(home, "a"), env }, "r.test")).toMatchObject({
      username: "a",
    });
    expect(await find({ env }, "r.test")).toMatchObject({ username: "b" });
    expect(await find({ env: { DOCKER_CONFIG: "" } }, "r.test")).toMatchObject({ username: "c" });
  });

  it("asks DOCKER_AUTH_CONFIG before the files", async () => {
    await write(".docker/config.json", { auths: { "r.test": { username: "c", password: "c" } } });
    const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { "r.test": { auth: PAIR } } }) };

    expect(await find({ env }, "r.test")).toEqual(BOT);
    expect(warnings).toEqual([]);
  });

  it.each(["{ s3cret", "[]", '{"auths": []}', '{"auths":{"r.test":{"auth":"s3cret"}}}'])(
    "warns of a broken DOCKER_AUTH_CONFIG and goes on: %s",
    async (variable) => {
      await write(".docker/config.json", { auths: { "r.test": { auth: PAIR } } });

      expect(await find({ env: { DOCKER_AUTH_CONFIG: variable } }, "r.test")).toEqual(BOT);
      expect(warnings).toEqual([expect.stringMatching(/^DOCKER_AUTH_CONFIG.*it is ignored$/)]);
      expect(warnings.join()).not.toContain("s3cret");
    },
  );

  it.each(["{ s3cret", "[1]", '{"auths": 1}', '{"auths":{"r.test":{"auth":"s3cret"}}}'])(
    "names a broken config.json in one line: %s",
    async (content) => {
      await write(".docker/config.json", content);

      const error: unknown = await find({}, "r.test").catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(CredentialsError);
      expect(String(error)).toContain(join(home, ".docker/config.json"));
      expect(String(error)).not.toMatch(/s3cret|\n/);
    },
  );

  it("leaves a broken entry of another host alone", async () => {
    await write(".docker/config.json", { auths: { x: { auth: "?" }, "r.test": { auth: PAIR } } });

    expect(await find({}, "r.test")).toEqual(BOT);
  });

  it.each([
    ["named", "named.json", { REGISTRY_AUTH_FILE: "named.json" }],
    ["of the session", "run/containers/auth.json", { XDG_RUNTIME_DIR: "run" }],
    ["of the configuration", "cfg/containers/auth.json", { XDG_CONFIG_HOME: "cfg" }],
    ["of the home", ".config/containers/auth.json", {}],
  ])("reads the auth.json %s", async (_, path, relative) => {
    await write(path, { auths: { "r.test/acme": { auth: PAIR } } });
    const env = Object.fromEntries(
      Object.entries(relative).map(([name, value]) => [name, join(home, value)]),
    );

    expect(await find({ env }, "r.test", "acme/api")).toEqual(BOT);
    expect(await find({ env }, "r.test", "acmex/api")).toBeUndefined();
  });

  it("takes the most specific key", async () => {
    await write(".config/containers/auth.json", {
      auths: {
        "r.test": { username: "host", password: "x" },
        "r.test/acme": { username: "acme", password: "x" },
        "r.test/acme/shop": { username: "shop", password: "x" },
      },
    });

    expect(await find({}, "r.test", "acme/shop/api")).toMatchObject({ username: "shop" });
    expect(await find({}, "r.test", "acme/api")).toMatchObject({ username: "acme" });
    expect(await find({}, "r.test", "else")).toMatchObject({ username: "host" });
  });
});

describe("credential helpers", () => {
  it("asks the host's helper, which wins over the helper of all hosts and over the file", async () => {
    const env = {
      ...(await helper("mine", '{"ServerURL":"r.test","Username":"helped","Secret":"x"}')),
    };
    await write(".docker/config.json", {
      auths: { "r.test": { auth: PAIR } },
      credHelpers: { "r.test": "mine" },
      credsStore: "absent",
    });

    expect(await find({ env }, "r.test")).toEqual(password("helped", "x"));
    expect(await readFile(join(home, "asked"), "utf8")).toBe("r.test");
  });

  it("asks the helper of all hosts for the default host by its old address", async () => {
    const env = await helper("all", '{"Username":"<token>","Secret":"id"}');
    await write(".docker/config.json", { auths: { x: {} }, credsStore: "all" });

    const found = await find({ env }, "index.docker.io");

    expect(found).toEqual({ kind: "identity-token", token: "id" });
    expect(await readFile(join(home, "asked"), "utf8")).toBe("https://index.docker.io/v1/");
  });

  it("goes on to the file when the helper knows none", async () => {
    const env = await helper("all", "credentials not found in native keychain", 1);
    await write(".docker/config.json", { auths: { "r.test": { auth: PAIR } }, credsStore: "all" });

    expect(await find({ env }, "r.test")).toEqual(BOT);
    expect(await find({ env }, "other.test")).toBeUndefined();
  });

  it.each([
    [
      "fails",
      "no keychain here",
      1,
      /docker-credential-all failed for r\.test \(exit 1\): no keychain here/,
    ],
    [
      "fails with a secret",
      '{"Secret":"s3cret"}',
      3,
      /docker-credential-all failed for r\.test \(exit 3\) /,
    ],
    ["answers nonsense", "s3cret", 0, /answered for r\.test with no credentials in JSON/],
    ["answers other JSON", '{"secret":"s3cret"}', 0, /answered for r\.test with no credentials/],
  ])("says in one line when a helper %s", async (_, output, code, message) => {
    const env = await helper("all", output, code);
    await write(".docker/config.json", { credsStore: "all" });

    const error: unknown = await find({ env }, "r.test").catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(CredentialsError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toMatch(/s3cret|\n/);
  });

  it("says which helper is missing and who named it", async () => {
    await write(".docker/config.json", { credsStore: "nowhere" });

    const finding = find({ env: { PATH: home } }, "r.test");

    await expect(finding).rejects.toThrow(
      /cannot run docker-credential-nowhere: .*named by .*config\.json/,
    );
  });

  it("runs nothing whose name could be a path", async () => {
    await write(".docker/config.json", { credsStore: "../../bin/evil" });

    await expect(find({}, "r.test")).rejects.toThrow("cannot be a credential helper's name");
  });

  it("asks once", async () => {
    const env = await helper("all", '{"Username":"u","Secret":"x"}');
    await write(".docker/config.json", { credsStore: "all" });
    const source = createCredentialSource(options({ env }));

    await Promise.all([source.find("r.test", "a"), source.find("r.test", "b")]);

    expect(await readFile(join(home, "runs"), "utf8")).toBe("get\n");
  });
});

function find(given: Partial<CredentialSourceOptions>, host: string, name = "acme/api") {
  return createCredentialSource(options(given)).find(host, name);
}

function options(given: Partial<CredentialSourceOptions>): CredentialSourceOptions {
  return { env: {}, homeDir: home, warn: (message) => warnings.push(message), ...given };
}

async function write(path: string, content: object | string): Promise<void> {
  const full = join(home, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, typeof content === "string" ? content : JSON.stringify(content));
}

/** A helper that notes what it was asked, prints `output` and ends with `code`; answers the PATH to find it. */
async function helper(suffix: string, output: string, code = 0): Promise<Record<string, string>> {
  const path = join(home, `docker-credential-${suffix}`);
  const script = `#!/bin/sh
echo "$1" >> '${home}/runs'
cat > '${home}/asked'
cat '${home}/output'
exit ${code}
`;
  await writeFile(join(home, "output"), output);
  await writeFile(path, script);
  await chmod(path, 0o755);
  return { PATH: `${home}:/usr/bin:/bin` };
}

function password(username: string, secret: string) {
  return { kind: "password", username, password: secret };
}
