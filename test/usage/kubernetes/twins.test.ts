import { expect, it } from "vitest";

import { chooseTargets } from "../../../src/usage/kubernetes/targets.ts";

const SERVER = "https://127.0.0.1:6443";

const REQUEST = {
  connection: {},
  context: undefined,
  expected: [],
  namespaces: "all",
  scope: { customResources: [], finishedJobs: true, helmRevisions: 0 },
} as const;

it.each([
  ["another proxy", { proxyUrl: "http://127.0.0.1:9001" }, { proxyUrl: "http://127.0.0.1:9002" }],
  ["another name in TLS", { tlsServerName: "east.example" }, { tlsServerName: "west.example" }],
])("a cluster that is reached at one address by %s is asked, too", async (_, east, west) => {
  const names = ["east", "west"];
  const places = [east, west];
  const found = {
    clusters: places.map((place, at) => ({
      name: names[at] ?? "",
      server: SERVER,
      skipTLSVerify: false,
      ...place,
    })),
    users: [{ name: "me", token: "t" }],
    contexts: names.map((name) => ({ name, cluster: name, user: "me" })),
    userFiles: new Map(),
  };

  const targets = await chooseTargets(REQUEST, found, { tolerant: false });

  expect(targets.map(({ name }) => name)).toEqual(names);
});
