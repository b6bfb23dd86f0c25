import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import type { Server } from "../../contract-tests/servers/server.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import type { Backend } from "../scenarios/backend.ts";
import { reportOf } from "../scenarios/run-cli.ts";
import { openProject, scenarioNamed } from "./project.ts";
import { childrenOf, filledBy, listTags, validate } from "./tools.ts";

const scenario = scenarioNamed("index-keeps-children-and-their-ancestors");
const peers = ["docker-registry", "skopeo", "crane", "regctl"] as const;
const skip = !peersAreRequired() && peers.some((peer) => findPeer(peer) === undefined);

describe.skipIf(skip)("what is left in docker-registry", () => {
  let server: Server;
  let backend: Backend;
  beforeAll(async () => {
    server = await startServer({ kind: "docker-registry" });
    const { host } = server;
    backend = openHttpBackend({ host, untags: false, close: () => server.stop() });
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  it.each(["skopeo", "crane"] as const)(
    "of a repository that %s filled is whole and complete to other tools",
    async (tool) => {
      await using project = await openProject(scenario, filledBy(tool, backend), `by-${tool}`);
      const { address } = project.repository;

      const run = await project.clean();
      const left = await listTags(server.host, address);

      const { kept, deleted } = reportOf(run.stdout);
      expect(run.exit).toBe(0);
      expect(left).toEqual(["cleanup", ...kept.map(({ tag }) => tag)].toSorted());
      expect(deleted.map(({ tag }) => tag)).toEqual(
        expect.arrayContaining(["oldidx", "oldamd"].flatMap(project.model.tagsOf)),
      );
      const [index = ""] = project.model.tagsOf("idx");
      const children = await childrenOf(`${address}:${index}`);
      expect(children).toHaveLength(2);
      for (const tag of left.filter((one) => one !== index)) await validate(`${address}:${tag}`);
      for (const digest of children) await validate(`${address}@${digest}`);
    },
  );
});
