import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { startPostgres, missingForPostgres } from "../../contract-tests/servers/postgres.ts";
import { freePort } from "../../contract-tests/servers/run.ts";
import { runTidemark } from "./run.ts";
import type { Run } from "./run.ts";

let home: string;
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), "tidemark-locks-"))));
afterEach(() => rm(home, { recursive: true, force: true }));

it("serves until it is told to stop, and ends well", async () => {
  const server = await serve(["--port", "0", "--grace", "0"]);

  const answer = await acquire(server.url);
  server.child.kill("SIGTERM");
  const { exit, stdout, stderr } = await server.run;

  expect(await answer.json()).toMatchObject({ err: "" });
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: "" });
  expect(stderr).toContain("locks are kept in memory\n");
  await expect(acquire(server.url)).rejects.toThrow("fetch failed");
});

it("gives nothing in the first ten seconds when it keeps locks in memory, and says so", async () => {
  const server = await serve(["--port", "0"]);

  const answer = await acquire(server.url);
  server.child.kill("SIGTERM");
  const { stderr } = await server.run;

  expect(await answer.json()).toMatchObject({ err: "should wait" });
  expect(stderr).toContain("nothing is given for 10 s: it may be out from before (--grace)\n");
});

it("reads the variables of werf, and never prints a token", async () => {
  const env = { WERF_PORT: "0", WERF_HOST: "127.0.0.1", TIDEMARK_TOKEN: "s3cret-of-the-server" };
  const server = await serve([], {
    ...env,
    WERF_LOCAL: "1",
    WERF_LOCAL_LOCK_MANAGER_BASE_DIR: "x",
  });

  const stranger = await acquire(server.url);
  server.child.kill("SIGINT");
  const { exit, stderr } = await server.run;

  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(stranger.status).toBe(401);
  expect(exit).toBe(0);
  expect(stderr).not.toContain("s3cret");
});

it("keeps locks in PostgreSQL over its own end", async ({ skip }) => {
  skip(missingForPostgres().length > 0);
  await using postgres = await startPostgres();
  const args = ["--port", "0", "--host", "127.0.0.1"];
  const env = { TIDEMARK_STORE: postgres.address };
  const first = await serve(args, env);

  const given = await acquire(first.url);
  first.child.kill("SIGKILL");
  await first.run;
  const second = await serve(args, env);
  const refused = await acquire(second.url);
  second.child.kill("SIGTERM");
  const { exit, stderr } = await second.run;

  expect(await given.json()).toMatchObject({ err: "" });
  expect(await refused.json()).toMatchObject({ err: "should wait" });
  expect(exit).toBe(0);
  expect(stderr).toMatch(/locks are kept in postgres at 127\.0\.0\.1:\d+\/postgres\n/);
  expect(stderr).not.toContain(postgres.password);
});

it("ends when its database is not there, without telling the password", async () => {
  const run = await start(["--store", "postgres://bot:s3cret@127.0.0.1:1/locks"]);

  expect(run.exit).toBe(3);
  expect(run.stderr).toMatch(/^tidemark: postgres at 127\.0\.0\.1:1\/locks: .*ECONNREFUSED.*\n$/);
});

it("ends when somebody else listens there", async () => {
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");

  const run = await start(["--host", "127.0.0.1", "--port", String(port)]);
  other.close();

  expect(run.exit).toBe(2);
  expect(run.stderr).toBe(
    `tidemark: cannot listen on 127.0.0.1:${port}: EADDRINUSE; choose another --host or --port\n`,
  );
});

it.each([
  [["--ttl", "9s"], "Clients count on 10s"],
  [["--port", "65536"], "at most 65535"],
  [["--max-locks", "0"], "above 0"],
  [["--store", "mysql://bot:s3cret@db/locks"], "--store: write memory or postgres://"],
  [["--token", "s3cret\n"], "--token: write visible ASCII characters"],
  [["--token="], "--token: write visible ASCII characters"],
  [["--kubernetes"], "give publishers --synchronization=kubernetes://NAMESPACE"],
])("refuses %j", async (args, reason) => {
  const run = await start(args);

  expect(run.exit).toBe(2);
  expect(run.stderr).toContain(reason);
  expect(run.stderr).not.toContain("s3cret");
});

function start(args: readonly string[]): Promise<Run> {
  return runTidemark(["synchronization", ...args], { home });
}

/** Starts a server and waits until it says where it is. */
async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; readonly child: ChildProcess; readonly run: Promise<Run> }> {
  const started = Promise.withResolvers<ChildProcess>();
  const run = runTidemark(["synchronization", ...args], { home, env, onStart: started.resolve });
  const child = await started.promise;
  const url = Promise.withResolvers<string>();
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    const found = /serving locks at (?<url>\S+)\n/.exec(said)?.groups?.["url"];
    if (found !== undefined) url.resolve(found);
  });
  void run.then(({ stderr }) => url.reject(new Error(`it ended: ${stderr}`)));
  return { url: await url.promise, child, run };
}

function acquire(url: string): Promise<Response> {
  const body = JSON.stringify({ lockName: "shop.1" });
  return fetch(`${url}/client/locker/acquire`, { method: "POST", body });
}
