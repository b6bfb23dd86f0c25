import { lockPatiently } from "../../src/compose/login.ts";

// Takes the lock of a file, says so, and keeps it until it is killed.
const [path = ""] = process.argv.slice(2);
await lockPatiently(new AbortController().signal)(path);
process.stdout.write("held\n");
setInterval(() => undefined, 60_000);
