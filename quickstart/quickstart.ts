import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { DIRECTORY_HOST } from "../src/oci/reference.ts";
import { makeProject } from "./project.ts";
import { fillRepository } from "./repository.ts";

/** Makes an example, cleans it as a person would, and says what to try next. */
const root = mkdtempSync(join(tmpdir(), "tidemark-quickstart-"));
const project = join(root, "project");
const images = join(root, "images");
mkdirSync(project);

say(`A small project with two months of history, and a repository full of its builds, in ${root}`);
const now = new Date();
const commits = makeProject(project, now);
const kept = await fillRepository({ host: DIRECTORY_HOST, name: images }, commits, now);

const bin = fileURLToPath(new URL("../bin/tidemark.js", import.meta.url));
const common = ["--repo", `oci:${images}`, "--dir", project, "--without-kube"];
const journal = join(root, "journal");
const cleanup = ["cleanup", ...common, "--journal", journal, "--gc-grace", "0s"];

say(`\n$ tidemark ${cleanup.join(" ")}\n`);
const { status } = spawnSync(process.execPath, [bin, ...cleanup], { stdio: "inherit" });
process.exitCode = status ?? 1;

if (status === 0) {
  say(`
Why is an image kept? Try:
  npm run -s tidemark -- explain ${kept} ${common.join(" ")}
Run it again, without changing anything:
  npm run -s tidemark -- cleanup ${common.join(" ")} --dry-run
Then point it at your own registry, in a clone of your project that has a werf.yaml or a tidemark.yaml:
  npm run -s tidemark -- cleanup --repo registry.example/acme/app --dir PROJECT --without-kube --dry-run`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
