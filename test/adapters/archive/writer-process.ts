import { writeSync } from "node:fs";

import { imageOf } from "../../../contract-tests/fakes/seed.ts";
import { open } from "./fixture.ts";

/**
 * Fills an archive, several blobs at a time, and says on stdout which blobs were acknowledged, a digest a line. Arguments:
 * file, number of images.
 */
const [path = "", images = "0"] = process.argv.slice(2);
const repository = { host: "archive", name: path };
const registry = await open();

await Promise.all(
  Array.from({ length: Number(images) }, async (_, at) => {
    const layer = `${at}`.repeat(30_000);
    const image = imageOf({ layers: ["base", layer], labels: { at: String(at) } });
    for (const { digest, bytes } of image.blobs) {
      const source = {
        async *open() {
          for (let from = 0; from < bytes.length; from += 1000) {
            yield bytes.subarray(from, from + 1000);
          }
        },
      };
      await registry.putBlob(repository, { digest, size: bytes.length }, source);
      writeSync(1, `${digest}\n`);
    }
    await registry.putManifest({ ...repository, tag: `t${at}` }, image);
  }),
);
// Never finishes the archive: it is killed, however late.
setInterval(() => undefined, 1000);
