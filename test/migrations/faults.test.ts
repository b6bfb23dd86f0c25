import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FakeAuth } from "../../contract-tests/fakes/auth.ts";
import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import { problemsIn } from "./check.ts";
import { commandLine, complaintOf } from "./command-line.ts";
import type { Side } from "./command-line.ts";
import { openProjectOfFile } from "./project-of-file.ts";
import { TROUBLES } from "./troubles.ts";
import { openWatchedSide, storedTwice } from "./watched-side.ts";

const USER = { username: "bot", password: "s3cret-of-the-bot" } as const;
const AUTH: FakeAuth = { kind: "bearer", users: [USER] };

const { cliProcess, project } = await openProjectOfFile();

const cases = TROUBLES.flatMap((trouble) =>
  (["from", "to"] as const)
    .filter((side) => trouble.side === undefined || trouble.side === side)
    .map((side) => ({ trouble, side, name: trouble.name })),
);

describe.for(["from", "to"] as const)("a migration with trouble on the side of --%s", (side) => {
  const here = cases.filter((one) => one.side === side);

  it.for(here)("has $name, and ends where an undisturbed one does", async ({ trouble }) => {
    await using from = await openWatchedSide({ auth: AUTH });
    await using to = await openWatchedSide({ auth: AUTH });
    const source: Side = { ...from, repository: await from.backend.createRepository("source") };
    const target: Side = { ...to, repository: await to.backend.createRepository("target") };
    await project.fill(source.repository);
    const line = commandLine(cliProcess, project);
    const login = await writeLogin([source, target]);
    const troubled = side === "from" ? from : to;

    let met = 0;
    const rules = trouble.rules(troubled.expireTokens);
    troubled.backend.trouble?.(rules.map((rule) => counting(rule, () => void (met += 1))));
    const first = await line.migrate(source, target, login);
    expect(trouble.exits).toContain(first.exit);
    expect(met).toBeGreaterThan(0);
    expect((await target.repository.read()).broken).toEqual([]);

    troubled.backend.trouble?.([]);
    const second = await line.migrate(source, target, [...login, "--verify"]);
    expect(complaintOf(second)).toBe("");
    const problems = await problemsIn(await target.repository.read(), project, {
      referrers: true,
      leases: first.exit !== 0,
    });
    expect(problems).toEqual([]);
    expect(storedTwice(to.served)).toEqual([]);
  });
});

/** The same rule; whenever it takes a request, that is counted. */
function counting(rule: FaultRule, count: () => void): FaultRule {
  return {
    ...rule,
    async before(request, index) {
      count();
      await rule.before?.(request, index);
    },
  };
}

/** Docker's configuration for both registries, as options. */
async function writeLogin(sides: readonly Side[]): Promise<readonly string[]> {
  const auth = Buffer.from(`${USER.username}:${USER.password}`).toString("base64");
  const hosts = sides.map(({ repository }) => repository.address.split("/")[0] ?? "");
  const auths = Object.fromEntries(hosts.map((host) => [host, { auth }]));
  await writeFile(join(project.root, "config.json"), JSON.stringify({ auths }));
  return ["--docker-config", project.root];
}
