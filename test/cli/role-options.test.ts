import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { adapterOptions, implementationIds } from "../../src/compose/adapter-options.ts";
import type { RoleAccess } from "../../src/compose/adapter-options.ts";
import type { Environment } from "../../src/compose/environment.ts";
import { readRole, withRole } from "../../src/cli/role-options.ts";
import { withConnectionOptions } from "../../src/cli/shared-options.ts";

const SECRET = "s3cret-of-somebody";
const VALUES = adapterOptions().filter(({ value }) => value !== undefined);
const SWITCHES = adapterOptions().filter(({ value }) => value === undefined);

describe.each(["repo", "cache-repo"])("the role %s", (role) => {
  it("has every option of every adapter, by flag", () => {
    const flags = VALUES.flatMap(({ name }) => [`--${role}-${name}`, `${name} of ${role}`]);
    const switches = SWITCHES.map(({ name }) => `--${role}-${name}`);

    const access = read(role, [...flags, ...switches]);

    expect(access).toEqual({
      role,
      implementation: undefined,
      options: Object.fromEntries([
        ...VALUES.map(({ name }) => [name, `${name} of ${role}`]),
        ...SWITCHES.map(({ name }) => [name, "true"]),
      ]),
    });
  });

  it.each(["TIDEMARK_", "WERF_"])(
    "has every option of every adapter, by %s variables",
    (prefix) => {
      const variable = (name: string): string =>
        `${prefix}${`${role}-${name}`.toUpperCase().replaceAll("-", "_")}`;
      const env = Object.fromEntries([
        ...VALUES.map(({ name }) => [variable(name), `${name} of ${role}`]),
        ...SWITCHES.map(({ name }) => [variable(name), "no"]),
        [variable("implementation"), "default"],
      ]);

      const access = read(role, [], env);

      expect(access.implementation).toBe("default");
      expect(access.options).toEqual(
        Object.fromEntries(VALUES.map(({ name }) => [name, `${name} of ${role}`])),
      );
    },
  );

  it.each([
    [[`--${role}-container-registry`, "default"], {}, "default"],
    [
      [`--${role}-implementation`, "layout", `--${role}-container-registry`, "default"],
      {},
      "layout",
    ],
    [
      [`--${role}-container-registry`, "layout"],
      { [`WERF_${variableOf(role)}`]: "default" },
      "layout",
    ],
    [[], { [`WERF_${variableOf(role)}`]: "default" }, "default"],
  ])("its implementation by %j and %j is %s", (words, env, id) => {
    expect(read(role, words, env).implementation).toBe(id);
  });
});

it("one role's options are not another's", () => {
  const [option] = VALUES;
  const name = option?.name ?? "";

  const access = read("repo", [`--cache-repo-${name}`, "of the cache"]);

  expect(access.options).toEqual({});
});

it.each(VALUES)("an empty --repo-$name is refused", ({ name }) => {
  expect(() => read("repo", [`--repo-${name}`, ""])).toThrow(`--repo-${name} is empty`);
});

it("help names every implementation and every option, and no value of a variable", () => {
  const env = Object.fromEntries(
    adapterOptions().flatMap(({ name, env: more = [] }) =>
      [`TIDEMARK_REPO_${name.toUpperCase().replaceAll("-", "_")}`, ...more].map((variable) => [
        variable,
        SECRET,
      ]),
    ),
  );
  const command = withConnectionOptions(new Command("look"), env);

  const help = command.helpInformation();

  for (const id of implementationIds()) expect(help).toContain(id);
  for (const { name } of adapterOptions()) expect(help).toContain(`--repo-${name}`);
  expect(help).not.toContain(SECRET);
});

/** What a command with the roles `repo` and `cache-repo` understands of one of them. */
function read(role: string, words: readonly string[], env: Environment = {}): RoleAccess {
  let access: RoleAccess | undefined;
  withRole(withConnectionOptions(new Command("look"), env), "cache-repo")
    .exitOverride()
    .action((_flags: object, command: Command) => void (access = readRole(command.opts(), role)))
    .parse(words, { from: "user" });
  if (access === undefined) throw new Error("the command did not run");
  return access;
}

function variableOf(role: string): string {
  return `${role.toUpperCase().replaceAll("-", "_")}_IMPLEMENTATION`;
}

it("--create-repositories is every role's", () => {
  const flags = { createRepositories: true };

  expect(readRole(flags, "repo").options).toEqual({ "create-repositories": "true" });
  expect(readRole(flags, "cache-repo").options).toEqual({ "create-repositories": "true" });
  expect(readRole({ createRepositories: false }, "repo").options).toEqual({});
});

it("the roles of werf 1.1 take what --repo was told where they were told nothing", () => {
  const flags = { repoImplementation: "github", repoGithubToken: "a", imagesRepoGithubToken: "b" };

  expect(readRole(flags, "images-repo")).toEqual({
    role: "images-repo",
    implementation: "github",
    options: { "github-token": "b" },
  });
  expect(readRole(flags, "stages-storage-repo").options).toEqual({ "github-token": "a" });
  expect(readRole(flags, "cache-repo").options).toEqual({});
});
