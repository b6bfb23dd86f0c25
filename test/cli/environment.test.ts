import { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { applyEnvironment } from "../../src/cli/environment.ts";
import { applyCommand } from "../../src/cli/apply.ts";
import { cleanupCommand } from "../../src/cli/cleanup.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import { createHost } from "../../src/cli/host.ts";
import { collect, withSharedOptions } from "../../src/cli/shared-options.ts";
import type { Environment } from "../../src/compose/environment.ts";
import { openWorld } from "./world.ts";

describe("variables", () => {
  it("fill in what the command line leaves out", () => {
    expect(optionsFor({ TIDEMARK_REPO: "reg.test/shop" })).toMatchObject({ repo: "reg.test/shop" });
  });

  it("of WERF_ count where there is none of TIDEMARK_", () => {
    expect(optionsFor({ WERF_REPO: "old.test/shop" })).toMatchObject({ repo: "old.test/shop" });
    expect(
      optionsFor({ WERF_REPO: "old.test/shop", TIDEMARK_REPO: "reg.test/shop" }),
    ).toMatchObject({ repo: "reg.test/shop" });
  });

  it("lose to a flag", () => {
    expect(optionsFor({ TIDEMARK_REPO: "old.test/shop" }, "--repo", "reg.test/shop")).toMatchObject(
      { repo: "reg.test/shop" },
    );
    expect(optionsFor({ TIDEMARK_OUTPUT: "json" }, "--output", "table")).toMatchObject({
      output: "table",
    });
  });

  it("that are empty are not set", () => {
    expect(optionsFor({ TIDEMARK_REPO: "", WERF_REPO: "reg.test/shop" })).toMatchObject({
      repo: "reg.test/shop",
    });
    expect(optionsFor({ TIDEMARK_QUIET: "" })).toMatchObject({ quiet: false });
  });

  it.each([
    ["1", true],
    ["true", true],
    ["TRUE", true],
    ["yes", true],
    ["on", true],
    ["0", false],
    ["false", false],
    ["no", false],
    ["off", false],
  ])("switch a flag by %s", (value, quiet) => {
    expect(optionsFor({ TIDEMARK_QUIET: value })).toMatchObject({ quiet });
  });

  it("switch a negated flag by its own name", () => {
    const command = new Command().option("--no-fetch");

    applyEnvironment(command, { TIDEMARK_NO_FETCH: "true" });

    expect(command.opts()).toEqual({ fetch: false });
  });

  it.each([
    ["TIDEMARK_QUIET", "perhaps", "Write true or false."],
    ["WERF_PARALLEL_TASKS_LIMIT", "many", "Write a whole number."],
    ["TIDEMARK_OUTPUT", "xml", "Allowed choices are table, json."],
  ])("that make no sense are named: %s=%s", (name, value, why) => {
    expect(() => optionsFor({ [name]: value })).toThrow(`variable ${name} is "${value}": ${why}`);
  });

  it("limit nothing by a number below one, as in werf", () => {
    expect(optionsFor({ WERF_PARALLEL_TASKS_LIMIT: "-1" })).toMatchObject({
      parallelTasksLimit: 100,
    });
  });
});

describe("variables of a repeatable option", () => {
  it("are all that begin with its name, in the order of their names", () => {
    const env = { TIDEMARK_LABEL_2: "b", TIDEMARK_LABEL_1: "a", TIDEMARK_LABEL: "z" };

    expect(repeatable(env)).toMatchObject({ label: ["z", "a", "b"] });
  });

  it("are not those of another option", () => {
    const env = { TIDEMARK_LABEL_1: "a", TIDEMARK_LABEL_FILE: "x" };

    expect(repeatable(env)).toEqual({ label: ["a"], labelFile: "x" });
  });

  it("of WERF_ count only where there are none of TIDEMARK_", () => {
    expect(repeatable({ WERF_LABEL_1: "a" })).toMatchObject({ label: ["a"] });
    expect(repeatable({ WERF_LABEL_1: "a", TIDEMARK_LABEL_9: "b" })).toMatchObject({
      label: ["b"],
    });
  });

  it("lose to a flag as a whole", () => {
    expect(repeatable({ TIDEMARK_LABEL_1: "a" }, "--label", "b")).toMatchObject({ label: ["b"] });
  });

  it("that only this product has are not taken from werf's of similar name", () => {
    const command = new Command().addOption(
      new Option("--allow <guard>").argParser(collect).default([]),
    );

    applyEnvironment(command, { WERF_ALLOW_INCLUDES_UPDATE: "true" });

    expect(command.opts()).toEqual({ allow: [] });
  });
});

describe("--repo-container-registry", () => {
  it("stands for --repo-implementation", () => {
    expect(optionsFor({ WERF_REPO_CONTAINER_REGISTRY: "default" })).toMatchObject({
      repoImplementation: "default",
    });
  });

  it("as a variable loses to a flag of the other name, and as a flag wins over its variable", () => {
    expect(
      optionsFor({ WERF_REPO_CONTAINER_REGISTRY: "a" }, "--repo-implementation", "b"),
    ).toMatchObject({ repoImplementation: "b" });
    expect(
      optionsFor({ TIDEMARK_REPO_IMPLEMENTATION: "b" }, "--repo-container-registry", "a"),
    ).toMatchObject({ repoImplementation: "a" });
  });
});

it("every option of every command reads its own variable", () => {
  const host = createHost(process, "0.0.0");
  host.close();
  for (const command of [cleanupCommand(host), applyCommand(host), explainCommand(host)]) {
    for (const option of command.options) {
      const name = (option.long ?? "").slice(2).replaceAll("-", "_").toUpperCase();
      const value = sampleOf(option);

      applyEnvironment(command, { [`TIDEMARK_${name}`]: value });

      expect([name, command.getOptionValueSource(option.attributeName())]).toEqual([name, "env"]);
    }
  }
});

it("a run takes its whole command line from variables", async () => {
  await using world = await openWorld();

  const run = await world.runRaw(["cleanup"], {
    env: {
      WERF_REPO: world.address,
      WERF_DIR: world.clone,
      WERF_WITHOUT_KUBE: "true",
      WERF_DRY_RUN: "1",
      TIDEMARK_OUTPUT: "json",
      TIDEMARK_QUIET: "yes",
    },
  });

  expect(run).toMatchObject({ exit: 0, stderr: "" });
  expect(JSON.parse(run.stdout)).toMatchObject({ dryRun: true, repository: world.address });
  expect(world.mutations()).toEqual([]);
});

it("a variable that makes no sense is told in one line", async () => {
  await using world = await openWorld();

  const run = await world.run(["cleanup"], { env: { TIDEMARK_MAX_DELETE: "some" } });

  expect(run).toEqual({
    exit: 2,
    stdout: "",
    stderr:
      'tidemark: variable TIDEMARK_MAX_DELETE is "some": Write a number of tags, or a share as 10%.\n',
  });
});

function optionsFor(env: Environment, ...args: string[]): object {
  const command = withSharedOptions(new Command("try"), env).action(() => undefined);
  command.exitOverride().parse(args, { from: "user" });
  return command.opts();
}

function repeatable(env: Environment, ...args: string[]): object {
  const command = new Command()
    .addOption(new Option("--label <text>").argParser(collect).default([]))
    .option("--label-file <file>")
    .action(() => undefined);
  command.parse(args, { from: "user" });
  applyEnvironment(command, env);
  return command.opts();
}

function sampleOf(option: Option): string {
  if (option.isBoolean() || option.negate) return "true";
  if (option.argChoices !== undefined) return option.argChoices[0] ?? "";
  if (option.flags.includes("<duration>")) return "1h";
  return "1";
}
