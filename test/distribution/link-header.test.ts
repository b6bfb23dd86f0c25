import { describe, expect, it } from "vitest";
import { nextPageQuery } from "../../src/distribution/link-header.ts";

const base = new URL("https://r.test/v2/acme/api/tags/list?n=2");

describe("nextPageQuery", () => {
  it.each([
    ['</v2/acme/api/tags/list?n=2&last=b>; rel="next"', "?n=2&last=b"],
    ["</v2/acme/api/tags/list?last=b>; rel=next", "?last=b"],
    ['<https://r.test/v2/acme/api/tags/list?next_page=x%3D>; rel="next"', "?next_page=x%3D"],
    ["http://r.test/v2/acme/api/tags/list?n=2&last=b; rel=next", "?n=2&last=b"],
    ['</v2/api/tags/list?last=b>; rel="next"', "?last=b"],
    ['<http://169.254.169.254/secrets?last=b>; rel="next"', "?last=b"],
    ['</a?last=a>; rel="prev", </a?last=b,c>; title="x, y"; rel="first next"', "?last=b,c"],
    ['<?last=b>;REL="NEXT"', "?last=b"],
    ['</v2/next/cursor>; rel="next"', ""],
    ['</a?last=a>; rel="prev"', undefined],
    ["</a?last=a>", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j → %j", (header, query) => {
    expect(nextPageQuery(header, base)).toBe(query);
  });
});
