import { describe, expect, it } from "vitest";
import { gitEnvironment, offline, unattended } from "../../src/git/environment.ts";

describe("gitEnvironment", () => {
  it("keeps the user's settings and drops what leads to another repository", () => {
    const env = gitEnvironment({
      HOME: "/home/me",
      GIT_SSH_COMMAND: "ssh -i key",
      GIT_CONFIG_COUNT: "0",
      GIT_DIR: "/elsewhere/.git",
      GIT_INDEX_FILE: "/elsewhere/index",
      GIT_TRACE: "1",
      UNSET: undefined,
    });

    expect(env).toEqual({
      HOME: "/home/me",
      GIT_SSH_COMMAND: "ssh -i key",
      GIT_CONFIG_COUNT: "0",
      LC_ALL: "C",
      GIT_TERMINAL_PROMPT: "0",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_NO_REPLACE_OBJECTS: "1",
      GIT_GRAFT_FILE: "/dev/null/grafts",
    });
  });
});

describe("offline", () => {
  it("allows no protocol", () => {
    expect(offline({ A: "1" })).toEqual({ A: "1", GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "" });
  });
});

describe("unattended", () => {
  it.each([
    [{}, undefined, { GIT_SSH_COMMAND: "ssh -o BatchMode=yes" }],
    [{}, "ssh -i key", {}],
    [{ GIT_SSH: "plink" }, undefined, { GIT_SSH: "plink" }],
    [{ GIT_SSH_COMMAND: "ssh -v" }, undefined, { GIT_SSH_COMMAND: "ssh -v" }],
  ])("of %j with core.sshCommand %j is %j", (env, sshCommand, expected) => {
    expect(unattended({ ...env }, sshCommand)).toEqual(expected);
  });
});
