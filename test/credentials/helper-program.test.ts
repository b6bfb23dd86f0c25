import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { runHelper } from "../../src/credentials/helper-program.ts";

it("a helper that does not answer is waited for no longer, whatever it has started itself", async () => {
  const bin = await mkdtemp(join(tmpdir(), "helper-"));
  try {
    const program = join(bin, "docker-credential-slow");
    // The sleep has the helper's stdout, and outlives it.
    await writeFile(program, "#!/bin/sh\nsleep 10\n");
    await chmod(program, 0o755);
    const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const call = { suffix: "slow", server: "r.test", env, timeoutMs: 200 };

    await expect(runHelper(call, "get", { text: "r.test" })).rejects.toThrow(
      "docker-credential-slow has not answered in 1 s",
    );
  } finally {
    await rm(bin, { recursive: true });
  }
});
