import { describe, expect, it } from "vitest";

import type { Digest } from "../../src/oci/digest.ts";
import type { ManifestContent } from "../../src/oci/manifest-content.ts";
import { freedBytes } from "../../src/report/freed.ts";
import { freedSentence } from "../../src/report/freed-sentence.ts";
import type { Freed } from "../../src/report/freed.ts";
import { digestFor } from "./sample.ts";

/** Manifests of 1 byte each; blobs by name with their size. */
const BLOBS: Readonly<Record<string, number>> = { base: 1000, app: 20, config: 3, other: 400 };

describe("bytes that a deletion frees", () => {
  it("are those of the manifest and of the blobs that nothing else holds", () => {
    expect(freed({ a: ["base", "app"] }, { going: "a" })).toMatchObject({
      bytes: 1021,
      objects: 3,
      shared: 0,
      kept: 0,
    });
  });

  it("do not include what something kept holds too", () => {
    const found = freed(
      { a: ["base", "app"], b: ["base", "config"] },
      { going: "a", staying: "b" },
    );

    expect(found).toMatchObject({ bytes: 21, shared: 1000, kept: 1004 });
  });

  it("count once what several deleted images share", () => {
    expect(freed({ a: ["base", "app"], b: ["base", "config"] }, { going: "ab" }).bytes).toBe(1025);
  });

  it("count a blob once that an image holds twice", () => {
    expect(freed({ a: ["app", "app"] }, { going: "a" }).bytes).toBe(21);
  });

  it("include the children of an index that only it leads to, nested ones too", () => {
    const found = freed({ a: "b", b: "c", c: ["app"], d: ["other"] }, { going: "a", staying: "d" });

    expect(found.bytes).toBe(23);
  });

  it("do not include a child that a kept index leads to", () => {
    const found = freed({ a: "c", b: "c", c: ["base"] }, { going: "a", staying: "b" });

    expect(found).toMatchObject({ bytes: 1, shared: 1001 });
  });

  it("tell how many manifests nobody read, on each side", () => {
    const found = freed({ a: "x", b: ["app"] }, { going: "ay", staying: "bz" });

    expect(found).toMatchObject({ unknownGoing: 2, unknownKept: 1 });
  });

  it("come with the size of each image as a whole", () => {
    const { sizes } = freed({ a: ["base", "app"], b: ["base"] }, { going: "a", staying: "bx" });

    expect(sizes).toEqual(
      new Map([
        [digestFor("a"), 1021],
        [digestFor("b"), 1001],
      ]),
    );
  });
});

describe("the sentence about them", () => {
  it("tells what is shared, what stays, and what was not read", () => {
    const found = freed({ a: ["base", "app"], b: ["base"] }, { going: "ay", staying: "b" });

    expect(freedSentence(found, true)).toBe(
      "21 bytes in 2 blobs and manifests would be free once the registry has collected its garbage, untagged manifests included; what several images share counts once. 1000 bytes more stay, since something kept holds them too. What stays holds 1001 bytes. 1 manifest could not be read and is not counted.",
    );
  });

  it("tells what the run removed itself", () => {
    const found = freed({ a: ["app"] }, { going: "a" });

    expect(freedSentence(found, false, { blobs: 1, bytes: 20 })).toContain(
      "are free once the registry has collected its garbage, untagged manifests included; what several images share counts once. Of unused blobs 20 bytes are removed already.",
    );
  });
});

/** Letters are manifests: of an image with its blobs, or of an index with its children. */
function freed(
  manifests: Readonly<Record<string, readonly string[] | string>>,
  { going = "", staying = "" },
): Freed {
  const contents = new Map<Digest, ManifestContent>();
  for (const [name, holds] of Object.entries(manifests)) {
    const blobs = typeof holds === "string" ? [] : holds;
    contents.set(digestFor(name), {
      size: 1,
      blobs: blobs.map((blob) => ({ digest: digestFor(blob), size: BLOBS[blob] ?? 0 })),
      children: typeof holds === "string" ? holds.split("").map(digestFor) : [],
    });
  }
  const digests = (letters: string): Set<Digest> => new Set(letters.split("").map(digestFor));
  return freedBytes({ going: digests(going), staying: digests(staying) }, contents);
}
