import { openLocalLocks } from "../../../src/locks/local/local-locks.ts";

/** Takes a lock, says so, and holds it until it is killed: `node holder-process.ts DIRECTORY NAME`. */
const [directory = "", name = ""] = process.argv.slice(2);
const locks = openLocalLocks(directory);
await locks.acquire(name, { waitMs: 0, signal: AbortSignal.timeout(60_000) });
process.stdout.write("held\n");
setInterval(() => undefined, 60_000);
