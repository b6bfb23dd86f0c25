import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import { reportPage } from "../../src/report/page/page.ts";
import { doneOf, goingTag, keptTag, lineOf, planOf, projectOf, runOf, stageOf } from "./sample.ts";

const EVIL = `</script><img src=x onerror=alert(1)>"'&`;

describe("the report as a page", () => {
  it("escapes everything that others wrote", () => {
    const history = lineOf(3, [EVIL]);
    const { input } = projectOf(2, history);
    const result = doneOf(
      planOf({ kept: [keptTag(EVIL, "foreign", [{ kind: "rule", rule: EVIL, because: EVIL }])] }),
      {
        failed: [{ ...settled(EVIL), code: "unavailable", message: EVIL }],
        skipped: [{ ...settled(EVIL), why: "refused", message: EVIL }],
        warnings: [EVIL],
        violations: [{ guard: "nothing-kept", message: EVIL }],
        brokeOff: EVIL,
      },
    );
    const failure = { exitCode: 1, lines: [EVIL] };

    const page = reportPage(
      runOf({ result, input, unread: EVIL, role: EVIL }, { failure, command: EVIL }),
    );

    expect(page).not.toContain("<img");
    expect(page.match(/<script\b/g)).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it("spells out characters that hide or turn text", () => {
    const page = reportPage(
      runOf({ result: doneOf(planOf(), { warnings: ["a\u202Eb\u0007c\u200Bd"] }) }),
    );

    expect(page).toContain("a\\u202eb\\u0007c\\u200bd");
  });

  it("allows its own style and script by their hashes, and nothing else", () => {
    const page = reportPage(runOf({ result: doneOf(planOf()) }));
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";

    const policy = /Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1];

    expect(policy?.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`,
    );
  });

  it("names no address to load anything from", () => {
    const { plan, input } = projectOf(30, lineOf(40));

    const page = reportPage(runOf({ result: doneOf(plan), input }));

    expect(page).not.toMatch(/\b(?:src|href|srcset|action)=|@import|url\(|https?:\/\//);
  });

  it("tells the summary, the policies and the newest history without its script", () => {
    const { plan, input } = projectOf(3, lineOf(4, ["release"]));

    const page = withoutData(reportPage(runOf({ result: doneOf(plan), input })));

    expect(page).toMatch(
      /<tr>\s*<td>stages<\/td>\s*<td class="number">1<\/td>\s*<td class="number">2<\/td>/,
    );
    expect(page).toContain("matched 2 references; keeps 1 image");
    expect(page).toContain(">release</span");
    expect(page).toContain(input.history?.graph.hexOf(2).slice(0, 12));
  });

  it("stays small where there are ten thousand tags", () => {
    const { plan, input } = projectOf(5000, lineOf(5000));

    const page = withoutData(reportPage(runOf({ result: doneOf(plan), input })));

    expect(page.length).toBeLessThan(100_000);
  });

  it("says of a dry run that nothing was changed, and of a failed one that nothing was deleted", () => {
    const plan = planOf({
      deletions: [goingTag({ tag: stageOf("a"), class: "stage", because: "unneeded" })],
    });

    expect(reportPage(runOf({ result: { ...doneOf(plan), dryRun: true } }))).toContain(
      "nothing was changed",
    );
    expect(
      reportPage(
        runOf(
          { result: doneOf(plan, { deleted: [] }) },
          { failure: { exitCode: 4, lines: [] }, exitCode: 4 },
        ),
      ),
    ).toContain("Nothing was deleted.");
  });
});

function settled(tag: string): { tag: string; digest: `sha256:${string}`; class: "stage" } {
  return { tag, digest: `sha256:${"0".repeat(64)}`, class: "stage" };
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The page as somebody has it whose browser runs no scripts. */
function withoutData(page: string): string {
  return page.replace(/<script type="application\/json"[\s\S]*?<\/script>/, "");
}
