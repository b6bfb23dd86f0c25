import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the project lies. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The package as it is installed, in a directory of its own: without sources, with what tsc makes of them. */
export interface BuiltPackage extends AsyncDisposable {
  /** The folder `bin` in it. */
  readonly bin: string;
}

export async function buildPackage(): Promise<BuiltPackage> {
  const dir = await mkdtemp(join(tmpdir(), "tidemark-built-"));
  await cp(join(ROOT, "bin"), join(dir, "bin"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(dir, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const config = join(ROOT, "tsconfig.build.json");
  const args = [tsc, "-p", config, "--outDir", join(dir, "dist")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`tsc ended with exit code ${code}`);
  return {
    bin: join(dir, "bin"),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}
