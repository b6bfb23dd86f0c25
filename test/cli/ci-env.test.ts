import { execFileSync } from "node:child_process";
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { ListeningRegistry } from "../../contract-tests/fakes/distribution.ts";
import { runTidemark } from "./run.ts";
import type { Run } from "./run.ts";

const JOB = { username: "gitlab-ci-token", password: "token-of-the-job" };
const PAIR = Buffer.from(`${JOB.username}:${JOB.password}`).toString("base64");

let home: string;
let fake: ListeningRegistry;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tidemark-ci-env-"));
  await mkdir(join(home, "tmp"));
  await mkdir(join(home, ".docker"));
  fake = await createFakeRegistry({ auth: { kind: "bearer", users: [JOB] } }).listen();
});
afterEach(async () => {
  await fake.close();
  await rm(home, { recursive: true });
});

describe("ci-env", () => {
  it("prints a script that a shell can run, with a login in a configuration of the job's own", async () => {
    await writeFile(join(home, ".docker/config.json"), '{"auths":{"r.test":{"auth":"YTpi"}}}');

    const run = await ciEnv(["gitlab"]);
    const env = sourced(run.stdout);

    expect(run.exit).toBe(0);
    expect(run.stderr).toBe(`logged in to ${fake.host} as gitlab-ci-token\n`);
    expect(env["WERF_REPO"]).toBe(`${fake.host}/acme/shop`);
    expect(env["WERF_DOCKER_CONFIG"]).toBe(env["DOCKER_CONFIG"]);
    expect(await readJson(join(env["DOCKER_CONFIG"] ?? "", "config.json"))).toEqual({
      auths: { [fake.host]: { auth: PAIR }, "r.test": { auth: "YTpi" } },
    });
    expect(await readFile(join(home, ".docker/config.json"), "utf8")).not.toContain(fake.host);
  });

  it("prints no secret, and lets only the job's user read what it makes", async () => {
    const run = await ciEnv(["gitlab"]);
    const config = sourced(run.stdout)["DOCKER_CONFIG"] ?? "";

    expect(run.stdout + run.stderr).not.toContain(JOB.password);
    expect(await modeOf(dirname(config))).toBe(0o700);
    expect(await modeOf(join(config, "config.json"))).toBe(0o600);
  });

  it("sets what Tidemark reads: its next command is let in", async () => {
    const { stdout } = await ciEnv(["gitlab"]);

    const check = await runTidemark(["registry", "check", `${fake.host}/acme/shop`], {
      home,
      env: sourced(stdout),
    });

    expect(check.exit).toBe(0);
  });

  it("takes along what is beside the file: contexts, plugins, links", async () => {
    await mkdir(join(home, ".docker/contexts/meta"), { recursive: true });
    await writeFile(join(home, ".docker/contexts/meta/a.json"), "{}");
    await mkdir(join(home, "plugins"));
    await symlink("../plugins", join(home, ".docker/cli-plugins"));

    const { stdout } = await ciEnv(["gitlab"]);
    const config = sourced(stdout)["DOCKER_CONFIG"] ?? "";

    expect(await readFile(join(config, "contexts/meta/a.json"), "utf8")).toBe("{}");
    expect(await readlink(join(config, "cli-plugins"))).toBe(join(home, "plugins"));
  });

  it("copies a configuration that is a link, and leaves what it names alone", async () => {
    await writeFile(join(home, "shared.json"), '{"psFormat":"table"}');
    await symlink("../shared.json", join(home, ".docker/config.json"));

    const { stdout } = await ciEnv(["gitlab"]);
    const config = join(sourced(stdout)["DOCKER_CONFIG"] ?? "", "config.json");

    expect(await readJson(config)).toMatchObject({ psFormat: "table" });
    expect(await readFile(join(home, "shared.json"), "utf8")).toBe('{"psFormat":"table"}');
  });

  it("makes the configuration of DOCKER_AUTH_CONFIG alone, where it is told to", async () => {
    await writeFile(join(home, ".docker/config.json"), '{"auths":{"r.test":{"auth":"YTpi"}}}');

    const { stdout } = await ciEnv(["gitlab", "--use-docker-auth-config"], {
      DOCKER_AUTH_CONFIG: '{"auths":{"q.test":{"auth":"YTpi"}}}',
    });
    const config = join(sourced(stdout)["DOCKER_CONFIG"] ?? "", "config.json");

    expect(await readJson(config)).toEqual({
      auths: { [fake.host]: { auth: PAIR }, "q.test": { auth: "YTpi" } },
    });
  });

  it("logs in nowhere, where it is told not to", async () => {
    const run = await ciEnv(["gitlab", "--login-to-registry=false"]);

    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(fake.requests()).toEqual([]);
  });

  it("keeps values that the job has set, but no docker configuration", async () => {
    const run = await ciEnv(["gitlab"], {
      WERF_REPO: "r.test/mine",
      WERF_LOG_COLOR_MODE: "off",
      WERF_DOCKER_CONFIG: join(home, ".docker"),
    });

    expect(run.stdout).toContain("# skip WERF_REPO: it is set already\n");
    expect(run.stdout).toContain("# skip WERF_LOG_COLOR_MODE: it is set already\n");
    expect(run.stdout).toContain("# export WERF_REPO_CONTAINER_REGISTRY=''\n");
    expect(sourced(run.stdout)["WERF_DOCKER_CONFIG"]).toContain(join(home, "tmp"));
  });
});

describe("ci-env into a file", () => {
  it.each([
    [["--as-file"], "job.sh"],
    [["--as-file", "--shell", "powershell"], "job.ps1"],
    [["--as-file", "--shell", "cmdexe"], "job.bat"],
    [["--as-env-file"], "job.env"],
  ])("prints the path alone for %j, and only its owner may read it", async (words, name) => {
    const run = await ciEnv(["gitlab", ...words]);
    const path = run.stdout.trimEnd();

    expect(run.stdout).toBe(`${path}\n`);
    expect(path.endsWith(`/${name}`)).toBe(true);
    expect(await modeOf(path)).toBe(0o600);
  });

  it("has the same script for a shell", async () => {
    const { stdout } = await ciEnv(["gitlab", "--as-file"]);
    const env = sourced(await readFile(stdout.trimEnd(), "utf8"));

    expect(env["WERF_REPO"]).toBe(`${fake.host}/acme/shop`);
  });

  it("has lines of their own for PowerShell and cmd.exe", async () => {
    const ps1 = (await ciEnv(["gitlab", "--as-file", "--shell", "powershell"])).stdout.trimEnd();
    const bat = (await ciEnv(["gitlab", "--as-file", "--shell", "cmdexe"])).stdout.trimEnd();

    const powershell = await readFile(ps1, "utf8");
    const cmdexe = await readFile(bat, "utf8");

    expect(powershell.startsWith("\uFEFF# docker")).toBe(true);
    expect(powershell).toContain(`\n$env:WERF_REPO = '${fake.host}/acme/shop'\n`);
    expect(cmdexe).toContain(`\r\n@set "WERF_REPO=${fake.host}/acme/shop"\r\n`);
    expect(cmdexe.split("\r\n").filter((line) => line !== "" && !line.startsWith("@"))).toEqual([]);
  });

  it("has bare lines for readers of env files", async () => {
    const { stdout } = await ciEnv(["gitlab", "--as-env-file"], { CI_COMMIT_TAG: "v1 beta" });

    const text = await readFile(stdout.trimEnd(), "utf8");

    expect(text).toContain(`\nWERF_REPO=${fake.host}/acme/shop\n`);
    expect(text.split("\n").filter((line) => !/^[A-Z_]+=./.test(line))).toEqual([""]);
    expect(parseEnv(text)).toMatchObject({
      WERF_REPO: `${fake.host}/acme/shop`,
      WERF_ADD_ANNOTATION_CI_GIT_TAG: "ci.werf.io/tag=v1 beta",
    });
  });

  it("goes where it is told, in place of what is there, which others could read", async () => {
    const path = join(home, "here.env");
    await writeFile(path, "old", { mode: 0o644 });

    const run = await ciEnv(["gitlab", "--as-env-file", "-o", path]);

    expect(run.stdout).toBe(`${path}\n`);
    expect(await modeOf(path)).toBe(0o600);
  });
});

describe("ci-env for github", () => {
  const GITHUB = {
    GITLAB_CI: "",
    GITHUB_ACTIONS: "true",
    GITHUB_REPOSITORY: "Acme/Shop",
    GITHUB_ACTOR: "octo",
    GITHUB_TOKEN: "workflow-token",
  };

  it("takes the project's name from the configuration, and the token from its variable", async () => {
    await writeFile(join(home, "werf.yaml"), "project: web\nconfigVersion: 1\n");

    const run = await ciEnv(["github", "--login-to-registry=false"], GITHUB);
    const env = sourced(run.stdout, { GITHUB_TOKEN: "workflow-token" });

    expect(env).toMatchObject({
      WERF_REPO: "ghcr.io/acme/shop/web",
      WERF_REPO_GITHUB_TOKEN: "workflow-token",
    });
    expect(run.stdout).not.toContain("workflow-token");
  });

  it("leaves the repository out where no configuration names the project, and says so", async () => {
    const run = await ciEnv(["github", "--login-to-registry=false"], GITHUB);

    expect(run.exit).toBe(0);
    expect(run.stderr).toContain("WERF_REPO is left out");
    expect(run.stdout).toContain("# export WERF_REPO=''\n");
  });

  it("puts what goes with the job where the runner keeps it", async () => {
    await mkdir(join(home, "runner"));

    const { stdout } = await ciEnv(["github", "--login-to-registry=false"], {
      ...GITHUB,
      RUNNER_TEMP: join(home, "runner"),
    });

    expect(sourced(stdout)["DOCKER_CONFIG"]).toContain(join(home, "runner/"));
  });
});

describe("a ci-env that fails", () => {
  it("ends the script that was to run it, names no secret and leaves nothing behind", async () => {
    const run = await ciEnv(["gitlab"], { CI_JOB_TOKEN: "expired" });

    expect(run).toMatchObject({ exit: 3, stdout: "exit 1\n" });
    expect(run.stderr).toContain("unauthorized");
    expect(run.stderr).not.toContain("expired");
    expect(await readdir(join(home, "tmp"))).toEqual([]);
  });

  it("ends a batch file in its own way", async () => {
    const run = await ciEnv(["gitlab", "--shell", "cmdexe"], { CI_JOB_TOKEN: "expired" });

    expect(run.stdout).toBe("@exit /b 1\r\n");
  });

  it("for a variable that makes no sense ends the script too", async () => {
    const run = await ciEnv(["gitlab"], { WERF_SHELL: "fish" });

    expect(run).toMatchObject({ exit: 2, stdout: "exit 1\n" });
    expect(run.stderr).toContain("WERF_SHELL");
  });

  it("for a file that cannot be written says which", async () => {
    const path = join(home, "no-such", "file");

    const run = await ciEnv(["gitlab", "-o", path]);

    expect(run).toMatchObject({ exit: 2, stdout: "" });
    expect(run.stderr).toContain(`${path} cannot be written: ENOENT`);
    expect(await readdir(join(home, "tmp"))).toEqual([]);
  });

  it("for want of a place for the job says where", async () => {
    const run = await ciEnv(["gitlab"], { TMPDIR: join(home, "no-such") });

    expect(run).toMatchObject({ exit: 2, stdout: "exit 1\n" });
    expect(run.stderr).toContain(`no directory can be made in ${join(home, "no-such")}`);
  });

  it("prints nothing where a path was to be printed", async () => {
    const run = await ciEnv(["gitlab", "--as-file"], { CI_JOB_TOKEN: "expired" });

    expect(run).toMatchObject({ exit: 3, stdout: "" });
  });

  it.each([
    ["an unknown system", ["jenkins"], {}, '"jenkins" is no CI system known here'],
    ["two kinds of file", ["gitlab", "--as-file", "--as-env-file"], {}, "exclude each other"],
    [
      "no DOCKER_AUTH_CONFIG",
      ["gitlab", "--use-docker-auth-config"],
      {},
      "DOCKER_AUTH_CONFIG is not set",
    ],
    [
      "a DOCKER_AUTH_CONFIG that is none",
      ["gitlab", "--use-docker-auth-config"],
      { DOCKER_AUTH_CONFIG: "hunter2" },
      "DOCKER_AUTH_CONFIG is not JSON",
    ],
    [
      "a value that no env file can have",
      ["gitlab", "--as-env-file"],
      { CI_COMMIT_TAG: `it's "$1"` },
      "WERF_ADD_ANNOTATION_CI_GIT_TAG has quotes",
    ],
  ])("for %s is a mistake in what was given", async (_, words, env, message) => {
    const run = await ciEnv(words, env);

    expect(run.exit).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain("hunter2");
    expect(await readdir(join(home, "tmp"))).toEqual([]);
  });
});

it("warns where no such job runs", async () => {
  const run = await ciEnv(["gitlab"], { GITLAB_CI: "" });

  expect(run.exit).toBe(0);
  expect(run.stderr).toContain("this is no job of gitlab");
});

function ciEnv(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return runTidemark(["ci-env", ...words], {
    home,
    env: {
      TMPDIR: join(home, "tmp"),
      NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"),
      GITLAB_CI: "true",
      CI_REGISTRY: fake.host,
      CI_REGISTRY_IMAGE: `${fake.host}/acme/shop`,
      CI_JOB_TOKEN: JOB.password,
      ...env,
    },
  });
}

/** The environment that a shell has after it ran a script. */
function sourced(
  script: string,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const output = execFileSync("/bin/sh", ["-c", 'eval "$SCRIPT"; exec env -0'], {
    encoding: "utf8",
    env: { ...env, PATH: process.env["PATH"], SCRIPT: script },
  });
  const variables = output.split("\0").map((line) => /^(\w+)=([\s\S]*)$/.exec(line));
  return Object.fromEntries(
    variables
      .filter((match) => match !== null && match[1] !== "SCRIPT")
      .map((match) => [match?.[1] ?? "", match?.[2] ?? ""]),
  );
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
