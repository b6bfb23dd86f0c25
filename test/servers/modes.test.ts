import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeServerCertificate } from "../../contract-tests/servers/certificates.ts";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server, ServerKind, ServerOptions } from "../../contract-tests/servers/server.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import type { Backend } from "../scenarios/backend.ts";
import { runScenario } from "../scenarios/run-scenario.ts";
import { makeAccess } from "./access.ts";
import type { AccessOptions, Keeping } from "./access.ts";
import { openProject, scenarioNamed } from "./project.ts";
import type { Project } from "./project.ts";

const KINDS: readonly { readonly kind: ServerKind; readonly untags: boolean }[] = [
  { kind: "docker-registry", untags: false },
  { kind: "distribution", untags: true },
  { kind: "olareg", untags: true },
];

interface Mode {
  readonly name: string;
  readonly mode: Omit<ServerOptions, "kind">;
  /** Only looked at where the server wants to know who comes. */
  readonly keeping: Keeping;
}

/** Plain HTTP without authentication is what all scenarios run on. */
const MODES: readonly Mode[] = [
  { name: "TLS with a private CA", mode: { tls: true }, keeping: "config.json" },
  { name: "Basic", mode: { auth: "basic" }, keeping: "config.json" },
  { name: "TLS and Basic", mode: { tls: true, auth: "basic" }, keeping: "credential helper" },
  { name: "Bearer", mode: { auth: "bearer" }, keeping: "DOCKER_AUTH_CONFIG" },
  { name: "TLS and Bearer", mode: { tls: true, auth: "bearer" }, keeping: "config.json" },
];

const SCENARIOS = ["index-keeps-children-and-their-ancestors", "two-stages-share-a-manifest"].map(
  scenarioNamed,
);

const WRONG = "a-wrong-password-of-the-bot";

interface Refusal {
  readonly name: string;
  /** The authority given instead of the right one; `undefined`: none. */
  readonly trust?: (root: string) => Promise<AccessOptions["trust"]>;
  readonly password?: string;
  readonly says: RegExp;
}

const WRONG_PASSWORD: Refusal = {
  name: "a wrong password",
  password: WRONG,
  // olareg's token service answers 403.
  says: /: (unauthorized|denied) \(40[13]/,
};
const UNNAMED_AUTHORITY: Refusal = {
  name: "an authority that nobody named",
  trust: async () => undefined,
  says: /--registry-ca-file/,
};
const FOREIGN_AUTHORITY: Refusal = {
  name: "the authority of somebody else",
  trust: async (root) => makeServerCertificate(await mkdtemp(join(root, "other-"))),
  says: /certificate/,
};

const RUNS_AT_ONCE = 3;
const queue = new PQueue({ concurrency: RUNS_AT_ONCE });

const cases = KINDS.flatMap(({ kind, untags }) => MODES.map((mode) => ({ kind, untags, ...mode })));

describe.for(cases)("$kind, $name", ({ kind, untags, keeping, mode }) => {
  const missing = ([kind, "htpasswd", "openssl"] as const).filter(
    (peer) => findPeer(peer) === undefined,
  );
  const skip = missing.length > 0 && !peersAreRequired();
  const options = { concurrent: true, skip };
  let root: string;
  let server: Server;
  let backend: Backend;
  let project: Project;

  beforeAll(async () => {
    if (skip) return;
    root = await mkdtemp(join(tmpdir(), "tidemark-modes-"));
    server = await startServer({ kind, ...mode });
    const { host, caPem, credentials } = server;
    backend = openHttpBackend({
      host,
      untags,
      access: await makeAccess(given()),
      ...(caPem === undefined ? {} : { caPem }),
      ...(credentials === undefined ? {} : { credentials }),
      close: () => server.stop(),
    });
    project = await openProject(scenarioNamed("two-stages-share-a-manifest"), backend, "refused");
  });
  afterAll(async () => {
    if (skip) return;
    await project[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  it.for(SCENARIOS)("$id", options, async (scenario) => {
    const wrong = await queue.add(() => runScenario(scenario, [backend]));

    expect(wrong.join("\n")).toBe("");
  });

  it.for([
    ...(mode.auth === undefined ? [] : [WRONG_PASSWORD]),
    ...(mode.tls === true ? [UNNAMED_AUTHORITY, FOREIGN_AUTHORITY] : []),
  ])("$name changes nothing and is told", options, ({ trust, password, says }) =>
    queue.add(async () => {
      const said = await expectRefusal({
        ...(trust === undefined ? {} : { trust: await trust(root) }),
        ...(password === undefined
          ? {}
          : { credentials: { user: { username: "bot", password }, keeping } }),
      });

      expect(said).toMatch(says);
      expect(said).not.toContain(WRONG);
      expect(said).not.toContain(Buffer.from(`bot:${WRONG}`).toString("base64"));
    }),
  );

  it.for(mode.tls === true ? ["--skip-tls-verify-registry"] : [])(
    "%s accepts any certificate",
    options,
    () =>
      queue.add(async () => {
        const access = await makeAccess({ ...given(), trust: "anybody" });

        const run = await project.clean({ access, args: ["--quiet", "--dry-run"] });

        expect(run.exit).toBe(0);
      }),
  );

  /** Runs a cleanup with what is `wrong`; answers what it said. */
  async function expectRefusal(wrong: Partial<Changes>): Promise<string> {
    const before = await project.repository.read();

    const run = await project.clean({ access: await makeAccess(changed(given(), wrong)) });

    expect(run).toMatchObject({ exit: 3, stdout: "" });
    const [first = "", ...hints] = run.stderr.trimEnd().split("\n");
    expect(first).toContain(`tidemark: ${server.host}: cannot `);
    expect(hints.length).toBeLessThanOrEqual(1);
    expect((await project.repository.read()).digests).toEqual(before.digests);
    return run.stderr;
  }

  /** What lets the command line in. */
  function given(): AccessOptions {
    const { host, caPem, credentials: user } = server;
    return {
      root,
      host,
      ...(user === undefined ? {} : { credentials: { user, keeping } }),
      ...(caPem === undefined ? {} : { trust: { caPem } }),
    };
  }
});

type Changes = { [Name in "credentials" | "trust"]: AccessOptions[Name] | undefined };

function changed(options: AccessOptions, changes: Partial<Changes>): AccessOptions {
  const { root, host, credentials, trust } = { ...options, ...changes };
  return {
    root,
    host,
    ...(credentials === undefined ? {} : { credentials }),
    ...(trust === undefined ? {} : { trust }),
  };
}
