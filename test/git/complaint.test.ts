import { describe, expect, it } from "vitest";
import { tellingLine, withoutCredentials } from "../../src/git/complaint.ts";

describe("tellingLine", () => {
  it.each([
    ["hint: try again\nfatal: bad object abc\n", "bad object abc"],
    ["error: cannot lock ref 'refs/x'\n", "cannot lock ref 'refs/x'"],
    [
      "ssh: Could not resolve hostname nowhere\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n",
      "ssh: Could not resolve hostname nowhere",
    ],
    [
      "remote: Not found.\nfatal: repository 'https://h/x' not found\n",
      "repository 'https://h/x' not found",
    ],
    ["fatal: Could not read from remote repository.\n", "Could not read from remote repository."],
    ["Receiving objects: 10%\rReceiving objects: 20%\rfatal: early EOF\n", "early EOF"],
    ["", ""],
  ])("of %j is %j", (stderr, line) => {
    const told = tellingLine(stderr);

    expect(told).toBe(line);
  });

  it("is one line of bounded length without control characters", () => {
    const told = tellingLine(`fatal: \u001b[31m${"x".repeat(5000)}\n`);

    expect(told).toMatch(/^\[31mx{100,300}$/);
  });
});

describe("withoutCredentials", () => {
  it.each([
    ["'https://user:secret@host/x.git'", "'https://***@host/x.git'"],
    ["https://user:se@cret@host/x", "https://***@host/x"],
    ["https://token@host/x and ssh://a@b/c", "https://***@host/x and ssh://***@b/c"],
    ["https://host/x.git?private_token=secret", "https://host/x.git?***"],
    ["git@host:group/x.git", "git@host:group/x.git"],
  ])("of %j is %j", (text, clean) => {
    expect(withoutCredentials(text)).toBe(clean);
  });
});
