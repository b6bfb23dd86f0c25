#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that a Node that is too old gets an answer and not a stack trace.
import { existsSync, readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { setFlagsFromString } from "node:v8";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `tidemark: needs Node.js 22.19 or newer, this is ${process.versions.node}; install a newer one, or run it by npx in a project that has it\n`,
  );
  process.exitCode = 2;
} else if (process.argv.length === 3 && ["--version", "-V"].includes(process.argv[2] ?? "")) {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${version}\n`);
} else {
  // A stream of gigabytes leaves few and small objects behind, each of which holds 64 KiB outside of the heap. V8 looks at
  // the small ones alone until many hang on them, unless the space where they begin is small: it must not grow, as it
  // does while modules load. What outlives two looks is not looked at before the heap has grown by half, as V8 has it for
  // small ones: 64 KiB hang on each. Source: V8, `kExternalAllocationSoftLimit`, `MemoryController::GrowingFactor`;
  // measured by `bench/migrate`.
  if (["migrate", "stages"].includes(process.argv[2] ?? "")) {
    setFlagsFromString("--semi-space-growth-factor=1");
    setFlagsFromString("--heap-growing-percent=30");
  }
  nodeModule.enableCompileCache?.();
  const source = new URL("../src/cli/main.ts", import.meta.url);
  const built = new URL("../dist/src/cli/main.js", import.meta.url);
  const { main } = await import((existsSync(source) ? source : built).href);
  await main();
}
