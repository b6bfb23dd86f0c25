import { describe, expect, it } from "vitest";
import { parsePattern } from "../../src/config/pattern.ts";

describe("parsePattern", () => {
  it.each([
    ["main", ["main"], ["main2", "amain", "Main"]],
    ["release-1.0", ["release-1.0"], ["release-1x0", "release-1.0.1"]],
    ["/", ["/"], [""]],
    ["/main|master/", ["main", "master"], ["main2", "xmaster"]],
    ["/^v[0-9]+$/", ["v1", "v20"], ["v", "v1\n"]],
    ["/(?i)MAIN/", ["main", "MaIn"], ["mainx"]],
    ["/(?i:main|MASTER)/", ["Main", "master"], ["x"]],
    [String.raw`/\Av(?P<major>\d+)(?:\.\d+)*\z/`, ["v1", "v1.22.3"], ["v", "v1."]],
    ["/[[:alpha:]_]+/", ["abc_"], ["a1"]],
    ["/[^a-c]/", ["d", "é"], ["a", "dd"]],
    ["/[]a]/", ["]", "a"], ["b"]],
    [String.raw`/[a\-z\d]/`, ["a", "-", "7"], ["b"]],
    [String.raw`/[^\S]/`, [" ", "\t"], ["a", "\v"]],
    [String.raw`/\p{Greek}\pL\P{^L}/`, ["αβγ"], ["abc"]],
    [String.raw`/\Qa.b\E+/`, ["a.b", "a.bb"], ["axb", "a.ba.b"]],
    ["/a{,2}/", ["a{,2}"], ["a", "aa"]],
    ["/a{2}b{1,}c{0,1}/", ["aab", "aabbc"], ["ab", "aabcc"]],
    [String.raw`/\x41\x{42}\103\//`, ["ABC/"], ["abc/"]],
    ["/.*/", ["", "feature/x"], ["a\nb"]],
    ["/(?s).*/", ["a\nb"], []],
    ["/^*a$*/", ["a"], ["^a"]],
    ["/(?m)a$\n^b/", ["a\nb"], ["ab"]],
    ["/(?U)a+?/", ["aaa"], [""]],
    ["/feature/.*/", ["feature/x"], ["feature"]],
  ])("%s", (text, matching, others) => {
    const pattern = parsePattern(text);
    const regexp = "regexp" in pattern ? new RegExp(pattern.regexp, pattern.flags) : undefined;

    expect(matching.filter((name) => regexp?.test(name) !== true)).toEqual([]);
    expect(others.filter((name) => regexp?.test(name) !== false)).toEqual([]);
  });

  it.each([
    ["", "is empty"],
    [String.raw`/(a)\1/`, String.raw`the back-reference \1`],
    ["/a(?=b)/", "a look-around"],
    ["/a(?<!b)/", "a look-around"],
    ["/(?>a)/", "the unknown group (?>a"],
    ["/a**/", "a repetition of a repetition"],
    ["/a+{2}/", "a repetition of a repetition"],
    ["/*a/", "nothing before * to repeat"],
    ["/(|+)/", "nothing before + to repeat"],
    ["/a{1001}/", "a repetition of more than 1000"],
    ["/a{3,2}/", "the reversed repetition {3,2}"],
    ["/[a-/", "a [ that is never closed"],
    ["/[]/", "a [ that is never closed"],
    ["/[z-a]/", "the reversed range z-a"],
    ["/[[:nope:]]/", "the unknown class [:nope:]"],
    ["/(a/", "a ( that is never closed"],
    ["/a)/", "a ) that opens nowhere"],
    [String.raw`/\u0041/`, String.raw`the unknown escape \u`],
    [String.raw`/\Z/`, String.raw`the unknown escape \Z`],
    [String.raw`/\p{Nope}/`, "the unknown Unicode class Nope"],
    [String.raw`/\x{110000}/`, String.raw`a broken \x escape`],
    ["/(?P<n>a)(?P<n>b)/", "two groups named n"],
    ["/a(?i)b/", "(?i) for a part of it only"],
  ])("refuses %s", (text, problem) => {
    expect(parsePattern(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
