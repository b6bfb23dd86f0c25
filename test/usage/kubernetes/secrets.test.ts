import { expect, it } from "vitest";

import { chooseTargets } from "../../../src/usage/kubernetes/targets.ts";
import { openApi } from "../../../src/usage/kubernetes/api.ts";

const REQUEST = {
  connection: {},
  context: undefined,
  expected: [],
  namespaces: "all",
  scope: { customResources: [], finishedJobs: true, helmRevisions: 0 },
} as const;

it("a password in the address of a cluster is told to nobody", async () => {
  const said = await ask("https://me:s3cret@127.0.0.1:9").catch(String);

  expect(said).toContain("127.0.0.1:9");
  expect(said).not.toContain("s3cret");
});

async function ask(server: string): Promise<string> {
  const found = {
    clusters: [{ name: "east", server, skipTLSVerify: false }],
    users: [{ name: "me", token: "t" }],
    contexts: [{ name: "east", cluster: "east", user: "me" }],
    userFiles: new Map(),
  };
  const [target] = await chooseTargets(REQUEST, found, { tolerant: false });
  if (target === undefined) return "";
  await using api = openApi(target, {
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    version: "0",
    env: {},
    now: () => new Date(),
  });
  await api.get("/apis");
  return "";
}
