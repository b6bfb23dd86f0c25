import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ENV_FILE, SHELLS, UnwritableError } from "../../src/ci/shell.ts";

const { default: unix, powershell, cmdexe } = SHELLS;

let home: string;
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), "tidemark-shell-"))));
afterAll(() => rmSync(home, { recursive: true }));

/** Signs that one shell or another acts on, and some that none does. */
const SIGNS =
  " \t\n\r'\"`$\\!#%&|<>^()[]{}*?~;=:,@+-/.0aZé\u2018\u2019\u201A\u201B\u{1F600}".match(/./gsu) ??
  [];
const nasty = fc.array(fc.constantFrom(...SIGNS, "$(id)", "%PATH%", "'\\''", "${x}", "\n# "));
const anyValue = fc.oneof(
  nasty.map((signs) => signs.join("")),
  fc.string({ unit: "grapheme" }),
);
const values = fc.array(anyValue, { minLength: 1, maxLength: 100 });
const RUNS = { numRuns: 20 };

describe("a Unix shell", () => {
  it.each(["/bin/sh", "/bin/bash"])("%s sets any value as it is", (shell) => {
    fc.assert(
      fc.property(values, (all) => {
        const script = all.map((value, index) => unix.set(`V${index}`, value)).join("\n");

        expect(valuesOf(shell, script, all.length)).toEqual(all);
      }),
      RUNS,
    );
  });

  it("copies a variable that is there, and sets an empty one for another, also under -u", () => {
    const script = ["set -u", "A='x y$'", unix.copy("V0", "A"), unix.copy("V1", "B")].join("\n");

    expect(valuesOf("/bin/sh", script, 2)).toEqual(["x y$", ""]);
  });

  it("ends whoever runs a failure", () => {
    const run = (): unknown => execFileSync("/bin/sh", ["-c", `eval "${unix.fail}"; echo on`]);

    expect(run).toThrow(expect.objectContaining({ status: 1 }));
  });
});

describe("an env file", () => {
  it("is read alike by a shell and by Node, where it takes a value", () => {
    fc.assert(
      fc.property(values, (all) => {
        const writable = all.filter((value) => lineOf(value) !== undefined);
        const text = writable.map((value, index) => ENV_FILE.set(`V${index}`, value)).join("\n");

        const read = parseEnv(`${text}\n`);

        expect(writable.map((_, index) => read[`V${index}`])).toEqual(writable);
        expect(valuesOf("/bin/sh", `set -a\n${text}`, writable.length)).toEqual(writable);
      }),
      RUNS,
    );
  });

  it.each([
    ["an address", "r.test:5000/acme/shop", "N=r.test:5000/acme/shop"],
    ["an annotation", "ci.werf.io/tag=v1.0", "N=ci.werf.io/tag=v1.0"],
    ["nothing", "", "N=''"],
    ["words", "two words", "N='two words'"],
    ["a quote", "it's", `N="it's"`],
  ])("writes %s", (_, value, line) => {
    expect(ENV_FILE.set("N", value)).toBe(line);
  });

  it.each([
    ["a quote and a dollar", "it's $1"],
    ["both quotes", `'"`],
    ["a carriage return", "a\rb"],
  ])("has no place for %s", (_, value) => {
    expect(() => ENV_FILE.set("N", value)).toThrow(UnwritableError);
  });
});

describe("PowerShell", () => {
  it("reads any value as it is, by its rules", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(readPowershell(powershell.set("NAME", value))).toEqual({ NAME: value });
      }),
    );
  });

  it.each([
    ["it's", "$env:N = 'it''s'"],
    ["it\u2019s", "$env:N = 'it\u2019\u2019s'"],
    ['$x `n "', "$env:N = '$x `n \"'"],
  ])("writes %j as %s", (value, line) => {
    expect(powershell.set("N", value)).toBe(line);
  });
});

describe("cmd.exe", () => {
  it("reads any value of one line as it is, by its rules", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        fc.pre(!/[\r\n]/.test(value));

        expect(readCmd(cmdexe.set("NAME", value))).toEqual({ NAME: value });
      }),
    );
  });

  it.each([
    ["100%", '@set "N=100%%"'],
    ["a & b | c", '@set "N=a & b | c"'],
    ['a"b & c"d & e', '@set "N=a"b ^& c"d & e"'],
    ["^<>()", '@set "N=^<>()"'],
  ])("writes %j as %s", (value, line) => {
    expect(cmdexe.set("N", value)).toBe(line);
  });

  it.each([
    ["two lines", "a\nb"],
    ["more than a line may have", "x".repeat(8192)],
  ])("has no way to set %s", (_, value) => {
    expect(() => cmdexe.set("N", value)).toThrow(UnwritableError);
  });
});

function lineOf(value: string): string | undefined {
  try {
    return ENV_FILE.set("N", value);
  } catch (error) {
    if (error instanceof UnwritableError) return undefined;
    throw error;
  }
}

/** What processes started by the script find in V0, V1, … */
function valuesOf(shell: string, script: string, count: number): (string | undefined)[] {
  const path = join(home, "script");
  writeFileSync(path, `${script}\n`);
  const output = execFileSync(shell, ["-c", '. "$0"; exec env -0', path], { encoding: "utf8" });
  const found = new Map(output.split("\0").map((line) => [line.split("=", 1)[0], line]));
  return Array.from({ length: count }, (_, index) =>
    found.get(`V${index}`)?.slice(`V${index}=`.length),
  );
}

/** Source: about_Quoting_Rules; the language's specification, 2.3.5.2, with four signs for a single quote. */
function readPowershell(line: string): Record<string, string> {
  const [, name = "", rest = ""] = /^\$env:(\w+) = '([\s\S]*)$/.exec(line) ?? [];
  const isQuote = (sign: string | undefined): boolean => /^['\u2018-\u201B]$/.test(sign ?? "");
  let value = "";
  for (let at = 0; at < rest.length; at += 1) {
    if (isQuote(rest[at])) {
      if (!isQuote(rest[at + 1])) return at === rest.length - 1 ? { [name]: value } : {};
      at += 1;
    }
    value += rest[at] ?? "";
  }
  return {};
}

/** A line of a batch file: percent signs first, then quotes and carets, then `set`. */
function readCmd(line: string): Record<string, string> {
  if (/%(?!%)/.test(line.replaceAll("%%", ""))) return {};
  let isQuoted = false;
  let text = "";
  const signs = line.replaceAll("%%", "%");
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at] ?? "";
    if (sign === '"') isQuoted = !isQuoted;
    if (!isQuoted && /[&|<>()]/.test(sign)) return {};
    if (!isQuoted && sign === "^") at += 1;
    text += signs[at] ?? "";
  }
  const [, name = "", value = ""] = /^@set "(\w+)=([\s\S]*)"[^"]*$/.exec(text) ?? [];
  return { [name]: value };
}
