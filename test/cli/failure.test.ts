import { describe, expect, it } from "vitest";
import { describeFailure, exitCodeOf } from "../../src/cli/failure.ts";
import { GuardError, PlanError, UsageError } from "../../src/commands/error.ts";
import { ConfigError } from "../../src/config/error.ts";
import { GitError } from "../../src/git/error.ts";
import { HttpError } from "../../src/http/client.ts";
import { JournalError } from "../../src/journal/journal-error.ts";
import { PlanFileError } from "../../src/journal/plan-file-error.ts";
import { AddressError } from "../../src/oci/reference.ts";
import { RegistryError, UNREADABLE_DIRECTORY } from "../../src/registry/error.ts";

const RUNNING = new AbortController().signal;

describe("the exit code of an error", () => {
  it.each<[Error, number]>([
    [new UsageError("x"), 2],
    [new AddressError("x"), 2],
    [new ConfigError("tidemark.yaml", [{ path: "", text: "x" }]), 2],
    [new PlanFileError("unknown-schema", "x"), 2],
    [new JournalError("x"), 2],
    [new RegistryError("protocol", "x", { registryCode: UNREADABLE_DIRECTORY }), 2],
    [new RegistryError("unavailable", "x"), 3],
    [new RegistryError("unauthorized", "x"), 3],
    [new HttpError("x"), 3],
    [new GitError("not-a-repository", "x"), 3],
    [new GitError("failed", "x"), 3],
    [new GitError("shallow", "x"), 4],
    [new GuardError("nothing-kept", "x"), 4],
    [new PlanError("wrong-repository", "x"), 4],
    [new PlanError("too-old", "x"), 4],
    [new PlanError("outdated", "x"), 4],
    [new TypeError("x"), 70],
  ])("%o is %i", (error, exitCode) => {
    expect(describeFailure(error, { signal: RUNNING, env: {} }).exitCode).toBe(exitCode);
  });

  it("is that of an interruption, whatever came of it", () => {
    const failure = describeFailure(new Error("aborted"), { signal: AbortSignal.abort(), env: {} });

    expect(failure).toEqual({ exitCode: 130, lines: ["interrupted; nothing was deleted"] });
  });
});

describe("the lines of an error", () => {
  it("are the message and what the reader can do", () => {
    const error = new RegistryError("denied", "reg.test: cannot delete", { hint: "Ask for it." });

    expect(describeFailure(error, { signal: RUNNING, env: {} }).lines).toEqual([
      "reg.test: cannot delete",
      "Ask for it.",
    ]);
  });

  it("name every problem of a configuration", () => {
    const problems = [
      { line: 2, column: 1, path: "a", text: "unknown key" },
      { line: 3, column: 5, path: "b", text: "is no number" },
    ];

    expect(
      describeFailure(new ConfigError("t.yaml", problems), { signal: RUNNING, env: {} }).lines,
    ).toEqual(["t.yaml:2:1: a: unknown key", "t.yaml:3:5: b: is no number"]);
  });

  it("of a bug hide the stack, unless it is asked for", () => {
    const bug = new TypeError("oops");

    const hidden = describeFailure(bug, { signal: RUNNING, env: {} });
    const shown = describeFailure(bug, { signal: RUNNING, env: { TIDEMARK_DEBUG: "1" } });

    expect(hidden.lines).toEqual(["internal error, please report it: TypeError: oops"]);
    expect(shown.lines.length).toBeGreaterThan(1);
  });
});

describe("the exit code of a run that came to its end", () => {
  const done = { failed: [], violations: [] } as const;
  const failed = {
    tag: "a",
    digest: `sha256:${"1".repeat(64)}`,
    class: "stage",
    code: "conflict",
    message: "x",
  } as const;

  it.each([
    ["nothing went wrong", done, 0],
    ["an item failed", { ...done, failed: [failed] }, 1],
    ["it broke off", { ...done, brokeOff: "x" }, 1],
    ["a guard objects", { ...done, violations: [{ guard: "nothing-kept", message: "x" }] }, 4],
  ] as const)("when %s", (_, result, exitCode) => {
    expect(exitCodeOf(result, { signal: RUNNING })).toBe(exitCode);
    expect(exitCodeOf(result, { signal: AbortSignal.abort() })).toBe(130);
  });
});
