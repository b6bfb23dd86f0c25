import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import type { Audit } from "../../../src/engine/audit/audit.ts";
import { auditPage } from "../../../src/report/audit-page/page.ts";
import { digestFor, stageOf } from "../sample.ts";
import { auditOf, findingOf, grownAudit, repositoryOf, tagOf } from "./sample.ts";

const EVIL = `</script><img src=x onerror=alert(1)>"'&`;

describe("an audit as a page", () => {
  it("escapes everything that others wrote", async () => {
    const share = { name: EVIL, tags: 1, ownBytes: 1, sharedBytes: 1 };
    const repository = repositoryOf({
      repository: EVIL,
      project: EVIL,
      tags: [tagOf({ tag: EVIL, image: EVIL, commits: [EVIL] })],
      byClass: [share],
      byImage: [share],
      growth: [EVIL, EVIL].map((day) => ({ day, tags: 1, bytes: 1 })),
    });
    const audit = auditOf({
      repositories: [repository, repositoryOf({ repository: `${EVIL}2` })],
      findings: [findingOf({ subject: EVIL, message: EVIL, advice: EVIL })],
      warnings: [EVIL],
      comparison: {
        left: EVIL,
        right: EVIL,
        missing: [EVIL],
        extra: [EVIL],
        diverged: [{ tag: EVIL, left: digestFor("a"), right: digestFor("b") }],
        same: 0,
      },
    });

    const page = await pageOf(audit);

    expect(page).not.toContain("<img");
    expect(page.match(/<script\b/g)).toHaveLength(3);
    expect(page.match(/<\/script>/g)).toHaveLength(3);
  });

  it("allows its own style and script by their hashes, and nothing else", async () => {
    const page = await pageOf(auditOf());
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";

    const policy = /Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1];

    expect(policy?.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`,
    );
  });

  it("leads nowhere but into itself, and has no handler and no style in its markup", async () => {
    const page = withoutScript(await pageOf(grownAudit(40)));

    expect(page).not.toMatch(
      /\b(?:src|srcset|action)=|@import|url\(|https?:\/\/| style=| on[a-z]+=/,
    );
    expect(page).toContain('href="#class=stage"');
    expect(page).not.toMatch(/href="[^#]/);
  });

  it("tells sums, shares, growth and the first findings without its script", async () => {
    const page = withoutScript(await pageOf(grownAudit(1000)));

    expect(page).toContain("10 warnings, 50 notes");
    expect(page).toMatch(/<b>2010<\/b>tags/);
    expect(page).toContain(">image metadata</a>");
    expect(page).toContain('aria-label="Tags from 2023-08-');
    expect(page.match(/class="chip (?:warning|note)"/g)).toHaveLength(50);
  });

  it("stays small without its list, however many tags there are", async () => {
    const page = withoutScript(await pageOf(grownAudit(5000)));

    expect(page.length).toBeLessThan(150_000);
  });

  it("counts what is shared by several repositories day by day", async () => {
    const growth = (days: readonly (readonly [string, number])[]) =>
      days.map(([day, tags]) => ({ day, tags, bytes: tags * 1024 }));
    const audit = auditOf({
      repositories: [
        repositoryOf({
          repository: "r/a",
          growth: growth([
            ["2026-01-01", 1],
            ["2026-01-03", 5],
          ]),
        }),
        repositoryOf({ repository: "r/b", growth: growth([["2026-01-02", 10]]) }),
      ],
    });

    const page = await pageOf(audit);

    expect([...page.matchAll(/<title>(2026[^<]*)<\/title>/g)].map(([, text]) => text)).toEqual([
      "2026-01-01: 1.0 KiB",
      "2026-01-02: 11.0 KiB",
      "2026-01-03: 15.0 KiB",
      "2026-01-01: 1 tag",
      "2026-01-02: 11 tags",
      "2026-01-03: 15 tags",
    ]);
  });

  it("names repeated values once, and links sentences to the tags in them", async () => {
    const stage = tagOf({ tag: "s" });
    const record = tagOf({ tag: "m", reasons: [{ kind: "record", of: "s" }] });
    const lost = tagOf({ tag: "n", reasons: [{ kind: "record", of: "elsewhere" }] });

    const data = dataOf(
      await pageOf(auditOf({ repositories: [repositoryOf({ tags: [stage, record, lost] })] })),
    );

    expect(data).toMatchObject({
      classes: ["stage"],
      labels: ["stage"],
      images: ["shop"],
      sentences: [
        expect.stringContaining("keep policy 1"),
        "record of \uE000, which stays",
        "record of elsewhere, which stays",
      ],
      places: [[0, 1769817600, [0, 1], 3, 0]],
      rows: {
        name: ["s", "m", "n"],
        class: [0, 0, 0],
        why: [
          [0, -1],
          [1, 0],
          [2, -1],
        ],
      },
    });
  });

  it("puts names of records together from what is there, and packs digests as bytes", async () => {
    const stage = tagOf({ tag: stageOf("s") });
    const commit = "c".repeat(40);
    const record = tagOf({ tag: `meta-1234_${commit}_${stage.tag}`, commits: [commit] });
    const lost = tagOf({ tag: `meta-1234_${commit}_${stageOf("lost")}`, commits: [commit] });
    const { digest: _, ...dangling } = tagOf({ tag: "dangling" });
    const long = tagOf({ tag: "long", digest: `sha512:${"d".repeat(128)}` });
    const tags = [stage, record, lost, dangling, long];

    const page = await pageOf(auditOf({ repositories: [repositoryOf({ tags })] }));

    expect(dataOf(page)).toMatchObject({
      commits: [commit, stage.commits[0]],
      rows: { name: [stage.tag, ["meta-1234_", 0, 0], lost.tag, "dangling", "long"] },
      otherDigests: { 3: "", 4: long.digest },
    });
    const packed = /id="digests">\s*(?<text>[^<\s]*)/.exec(page)?.groups?.["text"] ?? "";
    const bytes = Buffer.from(packed, "base64");
    expect(bytes).toHaveLength(5 * 32);
    expect(`sha256:${bytes.subarray(64, 96).toString("hex")}`).toBe(lost.digest);
  });
});

function pageOf(audit: Audit): Promise<string> {
  return auditPage(audit, { version: "1.2.3" });
}

function dataOf(page: string): unknown {
  const packed = /<script type="application\/gzip;base64"[^>]*>(?<data>[^<]*)</.exec(page)?.groups;
  return JSON.parse(gunzipSync(Buffer.from(packed?.["data"] ?? "", "base64")).toString("utf8"));
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The page as somebody has it whose browser runs no scripts. */
function withoutScript(page: string): string {
  return page.replaceAll(/<script\b[\s\S]*?<\/script>/g, "");
}
