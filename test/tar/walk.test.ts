import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";

import { TarError } from "../../src/tar/error.ts";
import { BLOCK, encodeFile } from "../../src/tar/header.ts";
import { walkTar } from "../../src/tar/walk.ts";

const { signal } = new AbortController();

it("an archive that is damaged anywhere ends, and tells nothing that is not in the file", async () => {
  const path = await scratchFile();
  const whole = Buffer.concat([
    encodeFile({ path: "short", size: 3, modified: 0 }),
    Buffer.concat([Buffer.from("one")], BLOCK),
    encodeFile({ path: `long/${"l".repeat(120)}`, size: 700, modified: 0 }),
    Buffer.alloc(2 * BLOCK, "x"),
    Buffer.alloc(2 * BLOCK),
  ]);

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(whole.length),
      async (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        await writeFile(path, bytes.subarray(0, length));

        const found = await walked(path);

        for (const { start, size, end } of found) {
          expect(start + size).toBeLessThanOrEqual(length);
          expect(end).toBeGreaterThanOrEqual(start + size);
        }
      },
    ),
    { numRuns: 200 },
  );
});

it("a header that announces more about an entry than anybody writes is refused", async () => {
  const path = await scratchFile();
  const extension = encodeFile({ path: "x", size: 2 ** 40, modified: 0 });
  extension.write("x", 156);
  // The sum of the bytes, with the kind changed from "0" to "x".
  const sum = Number.parseInt(extension.toString("latin1", 148, 154), 8) + 0x78 - 0x30;
  extension.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  await writeFile(path, extension);

  const file = await open(path);
  onTestFinished(() => file.close());

  await expect(Array.fromAsync(walkTar(file, { signal }))).rejects.toThrow(
    "is damaged: it has a header that is too large",
  );
});

/** What is told until the archive turns out to be none. */
async function walked(path: string): Promise<{ start: number; size: number; end: number }[]> {
  const file = await open(path);
  const found = [];
  try {
    for await (const entry of walkTar(file, { signal })) found.push(entry);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
  } finally {
    await file.close();
  }
  return found;
}

async function scratchFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tidemark-tar-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return join(directory, "a.tar");
}
