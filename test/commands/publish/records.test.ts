import { expect, it } from "vitest";

import type { WriteRecord } from "../../../src/commands/publish/records-writer.ts";
import { writeRecords } from "../../../src/commands/publish/records.ts";
import { RegistryError } from "../../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../../src/registry/error.ts";
import { digestOf } from "../../../src/oci/digest.ts";

const [HEAD, MERGED] = ["1".repeat(40), "2".repeat(40)];
const STAGE = `${"ab".repeat(28)}-1767225600123`;
const INDEX = "cd".repeat(28);

it("records every name, and every image for every commit", async () => {
  const book = recording();
  const images = [
    { name: "backend", stageId: STAGE },
    { name: "", stageId: INDEX },
  ];

  const result = await record(images, book.write);

  expect(result).toEqual({ written: book.tags, there: [], warnings: [] });
  expect(book.tags.slice(0, 2)).toEqual(["managed-image-backend", "managed-image-__nameless__"]);
  expect(book.tags.slice(2)).toEqual([
    `meta-27dba8ed_${HEAD}_${STAGE}`,
    `meta-27dba8ed_${MERGED}_${STAGE}`,
    `meta-0_${HEAD}_${INDEX}`,
    `meta-0_${MERGED}_${INDEX}`,
  ]);
});

it("leaves records alone that are there", async () => {
  const book = recording();
  const known = new Set(["managed-image-backend", `meta-27dba8ed_${HEAD}_${STAGE}`]);

  const result = await record([{ name: "backend", stageId: STAGE }], book.write, { known });

  expect(result).toEqual({
    written: [`meta-27dba8ed_${MERGED}_${STAGE}`],
    there: [...known],
    warnings: [],
  });
});

it.each([
  [{ names: false, commits: [HEAD] }, [`meta-27dba8ed_${HEAD}_${STAGE}`]],
  [{ names: true, commits: [] }, ["managed-image-backend"]],
  [{ names: false, commits: [] }, []],
])("writes what the project wants: %j", async (policy, tags) => {
  const book = recording();

  await record([{ name: "backend", stageId: STAGE }], book.write, { policy });

  expect(book.tags).toEqual(tags);
});

it("tells all commits' records that were refused in one warning", async () => {
  const book = recording("denied", "meta-");

  const result = await record([{ name: "backend", stageId: STAGE }], book.write);

  expect(result).toEqual({
    written: ["managed-image-backend"],
    there: [],
    warnings: [
      "2 records of images at commits were refused, so no cleanup will know that the commit needs the image: no",
    ],
  });
});

it.each([
  ["denied", "managed-image-"],
  ["unavailable", "meta-"],
  ["unauthorized", "meta-"],
] as const)("rejects when %s keeps a record %s… from being written", async (code, prefix) => {
  const { write } = recording(code, prefix);

  const recorded = record([{ name: "backend", stageId: STAGE }], write);

  await expect(recorded).rejects.toMatchObject({ code });
});

it("takes a record that another publisher wrote first for one that is there", async () => {
  const { write } = recording("conflict", "meta-");

  const result = await record([{ name: "backend", stageId: STAGE }], write);

  expect(result.there).toHaveLength(2);
});

function record(
  images: Parameters<typeof writeRecords>[0],
  write: WriteRecord,
  {
    known = new Set<string>(),
    policy = { names: true, commits: [HEAD, MERGED] },
  }: {
    readonly known?: ReadonlySet<string>;
    readonly policy?: { readonly names: boolean; readonly commits: readonly string[] };
  } = {},
): ReturnType<typeof writeRecords> {
  return writeRecords(images, policy, known, write, { parallel: 1 });
}

/** Notes what is written; refuses tags with a prefix. */
function recording(
  code?: RegistryErrorCode,
  prefix = "",
): { readonly tags: string[]; readonly write: WriteRecord } {
  const tags: string[] = [];
  return {
    tags,
    write: (tag) => {
      if (code !== undefined && tag.startsWith(prefix)) {
        return Promise.reject(new RegistryError(code, "no"));
      }
      tags.push(tag);
      return Promise.resolve({ mediaType: "", digest: digestOf(Buffer.from(tag)), size: 0 });
    },
  };
}
