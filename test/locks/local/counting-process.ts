import { readFile, writeFile } from "node:fs/promises";

import { openLocalLocks } from "../../../src/locks/local/local-locks.ts";

/** Counts in a file that everybody counts in, under a lock: `node counting-process.ts DIRECTORY FILE TIMES`. */
const [directory = "", file = "", times = ""] = process.argv.slice(2);
await using locks = openLocalLocks(directory);
for (let round = 0; round < Number(times); round += 1) {
  const lock = await locks.acquire("counter", {
    waitMs: 60_000,
    signal: AbortSignal.timeout(60_000),
  });
  await writeFile(file, String(Number(await readFile(file, "utf8")) + 1));
  await lock.release();
}
