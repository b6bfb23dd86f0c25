import { describe, expect, it } from "vitest";

import { auditCsv } from "../../../src/report/audit/csv.ts";
import { digestFor } from "../sample.ts";
import { auditOf, findingOf, repositoryOf, tagOf } from "./sample.ts";

describe("an audit as CSV", () => {
  it("has a row for every tag and every manifest without one", () => {
    const release = tagOf({ tag: "v1", class: "foreign", reasons: [{ kind: "foreign" }] });
    const untagged = [{ digest: digestFor("lost"), ownBytes: 12 }];
    const audit = auditOf({
      repositories: [repositoryOf({ tags: [release], untagged })],
      findings: [
        findingOf({ rule: "unsigned-release", subject: "v1" }),
        findingOf({ subject: "v1" }),
      ],
    });

    expect(linesOf(auditCsv(audit))).toEqual([
      "repository,tag,class,digest,media_type,pushed_at,built_at,own_bytes,shared_bytes,image,commits,platforms,verdict,why,committed_at,references,findings",
      `reg.example/acme/shop,v1,foreign,${digestFor("v1")},application/vnd.oci.image.manifest.v1+json,,2026-01-31T00:00:00.000Z,1000,30000000,shop,${release.commits[0]},linux/amd64,kept,"none of this project's stages, records and custom tags, so it is left alone",2026-01-31T00:00:00.000Z,branch main; tag v1,unsigned-release; dangling-tag`,
      `reg.example/acme/shop,,untagged,${digestFor("lost")},,,,12,,,,,,,,,`,
    ]);
  });

  it("ends every line with CR and LF, and quotes what has quotes, commas and lines", () => {
    const csv = auditCsv(withImage(`a "b", c\r\nd`));

    expect(csv.endsWith("\r\n")).toBe(true);
    expect(csv).toContain(`,"a ""b"", c\\u000d\\u000ad",`);
    expect(csv.split("\r\n")).toHaveLength(3);
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")'])(
    "lets no spreadsheet calculate %s",
    (image) => {
      const cells = auditCsv(withImage(image)).split(/\r\n|,/);

      expect(cells.filter((cell) => /^"?[=+\-@]/.test(cell))).toEqual([]);
      expect(auditCsv(withImage(image))).toContain(`'${image.replaceAll('"', '""')}`);
    },
  );
});

function withImage(image: string): ReturnType<typeof auditOf> {
  return auditOf({ repositories: [repositoryOf({ tags: [tagOf({ image })] })] });
}

function linesOf(csv: string): string[] {
  return csv.split("\r\n").filter((line) => line !== "");
}
