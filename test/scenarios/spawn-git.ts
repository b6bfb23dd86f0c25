import { spawn } from "node:child_process";

/** The environment of a git that knows no user and no machine. */
export const GIT_ENV: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
};

/** Runs git in a directory as a child of this process; answers its output without the last line end, rejects with its complaint. */
export async function spawnGit(dir: string, args: readonly string[], input = ""): Promise<string> {
  const child = spawn(
    "git",
    [
      "-c",
      "init.defaultBranch=main",
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.test",
      ...args,
    ],
    { cwd: dir, env: GIT_ENV },
  );
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [out, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    }),
  ]);
  if (code !== 0) throw new Error(`git ${args.join(" ")} (${code}): ${complaint}`);
  return out.replace(/\n$/, "");
}

async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
