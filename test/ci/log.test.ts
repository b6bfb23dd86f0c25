import { describe, expect, it } from "vitest";

import { annotation } from "../../src/ci/annotation.ts";
import { sectionEnd, sectionStart } from "../../src/ci/section.ts";
import { ciSystemOf } from "../../src/ci/system.ts";

describe("an annotation", () => {
  it("is one line, whatever it says", () => {
    expect(annotation("error", "a: b, c", "100%\r\nnext: line")).toBe(
      "::error title=a%3A b%2C c::100%25%0D%0Anext: line",
    );
  });
});

describe("a section of a job log", () => {
  it("starts and ends with marks of one name", () => {
    expect(sectionStart("work", "Work", 12)).toBe("section_start:12:work\r\u001B[0KWork");
    expect(sectionEnd("work", 13)).toBe("section_end:13:work\r\u001B[0K");
  });
});

describe("the CI system", () => {
  it.each([
    [{ GITHUB_ACTIONS: "true", CI: "true" }, "github"],
    [{ GITLAB_CI: "true", CI: "true" }, "gitlab"],
    [{ CI: "true" }, undefined],
    [{ GITHUB_ACTIONS: "false" }, undefined],
    [{}, undefined],
  ] as const)("of %o is %s", (env, system) => {
    expect(ciSystemOf(env)).toBe(system);
  });
});
