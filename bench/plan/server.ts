import { createInterface } from "node:readline";
import { spawn } from "node:child_process";
import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { seedProject } from "../project/content.ts";
import type { Commit } from "../project/content.ts";
import { SIZE } from "./size.ts";

/** `server.ts DIR NAME` serves a repository built from the history in DIR, and prints its host. */
const [dir = ".", name = "shop"] = process.argv.slice(2);
const commits: Commit[] = [];
const git = spawn("git", ["-C", dir, "rev-list", "--all", "--reverse", "--timestamp"], {
  stdio: ["ignore", "pipe", "inherit"],
});
for await (const line of createInterface({ input: git.stdout })) {
  const [time = "", id = ""] = line.split(" ");
  commits.push({ id, time: Number(time) * 1000 });
}
const registry = createFakeRegistry({ tagOrder: "insertion" });
seedProject(repositoryIn(registry.state, name), commits, SIZE);
const { host } = await registry.listen();
process.stdout.write(`${host}\n`);
