import { describe, expect, it } from "vitest";

import { formatPlatform, parsePlatform } from "../../src/stages/platform.ts";

describe("formatPlatform", () => {
  it.each([
    ["linux/amd64", "linux/amd64"],
    ["linux/amd64/v1", "linux/amd64"],
    ["linux/amd64/v3", "linux/amd64/v3"],
    ["Linux/X86_64", "linux/amd64"],
    ["linux/x86-64", "linux/amd64"],
    ["linux/i386", "linux/386"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm64/8", "linux/arm64"],
    ["linux/aarch64", "linux/arm64"],
    ["linux/arm64/v9", "linux/arm64/v9"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/arm/7", "linux/arm/v7"],
    ["linux/arm/6", "linux/arm/v6"],
    ["linux/arm/v5", "linux/arm/v5"],
    ["linux/armhf", "linux/arm/v7"],
    ["linux/armel", "linux/arm/v6"],
    ["macos/arm64", "darwin/arm64"],
    ["linux/riscv64", "linux/riscv64"],
    ["windows(10.0.20348.2700)/amd64", "windows(10.0.20348.2700)/amd64"],
  ])("spells %s as %s", (text, expected) => {
    const platform = parsePlatform(text);

    expect(platform && formatPlatform(platform)).toBe(expected);
  });
});

describe("parsePlatform", () => {
  it("reads every part", () => {
    expect(parsePlatform("windows(10.0.1)/arm/v7")).toEqual({
      os: "windows",
      osVersion: "10.0.1",
      architecture: "arm",
      variant: "v7",
    });
  });

  it.each(["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux()/amd64", "a(b/c"])(
    "does not take %j for a platform",
    (text) => {
      expect(parsePlatform(text)).toBeUndefined();
    },
  );
});
