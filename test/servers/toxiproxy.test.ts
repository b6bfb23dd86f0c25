import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPeer, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { startServer } from "../../contract-tests/servers/server.ts";
import { stage } from "../cli/world.ts";
import { openHttpBackend } from "../scenarios/backend-http.ts";
import type { Backend } from "../scenarios/backend.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { openProject, scenarioNamed } from "./project.ts";
import type { Project } from "./project.ts";
import { startToxiproxy } from "./toxiproxy.ts";
import type { Toxic, Toxiproxy } from "./toxiproxy.ts";

const peers = ["docker-registry", "toxiproxy"] as const;
const skip = !peersAreRequired() && peers.some((peer) => findPeer(peer) === undefined);

/** What a disturbed run may end with: done, broken off after a deletion, broken off before. */
const HONEST_ENDS = [0, 1, 3];

interface Disturbance {
  readonly name: string;
  /** One after the other, again and again. */
  readonly toxics: readonly Toxic[];
  readonly onMs: number;
  readonly offMs: number;
}

const DISTURBANCES: readonly Disturbance[] = [
  {
    name: "connections that are reset",
    toxics: [{ type: "reset_peer", attributes: { timeout: 0 } }],
    onMs: 40,
    offMs: 100,
  },
  {
    name: "bodies that are cut",
    toxics: [50, 400, 700, 1500].map((bytes) => ({ type: "limit_data", attributes: { bytes } })),
    onMs: 60,
    offMs: 60,
  },
  {
    name: "answers that come late or never",
    toxics: [
      { type: "latency", attributes: { latency: 50, jitter: 40 } },
      { type: "timeout", attributes: { timeout: 50 } },
    ],
    onMs: 80,
    offMs: 60,
  },
];

describe.skipIf(skip)("docker-registry behind a bad network", () => {
  const scenario = withManyStages(scenarioNamed("index-keeps-children-and-their-ancestors"));
  let proxy: Toxiproxy;
  let backend: Backend;
  beforeAll(async () => {
    const server = await startServer({ kind: "docker-registry" });
    backend = openHttpBackend({ host: server.host, untags: false, close: () => server.stop() });
    proxy = await startToxiproxy(server.host);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  it.for(DISTURBANCES)(
    "with $name is cleaned in the end, and never loses what is kept",
    async (how) => {
      const name = how.name.replaceAll(" ", "-");
      await using project = await openProject(scenario, backend, name);
      const address = `${proxy.host}/scenarios/${name}`;
      const before = await project.repository.read();
      const kept = scenario.expect?.kept.flatMap(project.model.tagsOf) ?? [];

      const disturbed = await during(how, () => project.clean({ address, args: ["--verbose"] }));

      expect(HONEST_ENDS).toContain(disturbed.exit);
      expect(disturbed.stderr).toMatch(RETRIED);
      const between = await project.repository.read();
      expect(between.broken).toEqual([]);
      expect(kept.map((tag) => between.digests.get(tag))).toEqual(
        kept.map((tag) => before.digests.get(tag)),
      );

      const again = await project.clean({ address });

      expect(again.exit).toBe(0);
      const after = await project.repository.read();
      expect(after.broken).toEqual([]);
      expect([...after.digests.keys()].toSorted()).toEqual(tagsLeft(project));
    },
  );

  /** Every tag that a run without disturbance leaves. */
  function tagsLeft({ model }: Project): string[] {
    const { kept = [], records = [] } = scenario.expect ?? {};
    const tags = [...kept.flatMap(model.tagsOf), ...records.map(model.recordTag)];
    return ["cleanup", ...tags, ...model.permanent].toSorted();
  }

  /** Switches the toxics on and off while `work` goes on, but not for ever. */
  async function during<T>(
    { toxics, onMs, offMs }: Disturbance,
    work: () => Promise<T>,
  ): Promise<T> {
    const done = new AbortController();
    const result = work().finally(() => done.abort());
    for (let turn = 0; turn < MOST_TURNS && !done.signal.aborted; turn++) {
      const toxic = toxics[turn % toxics.length];
      if (toxic === undefined) break;
      await proxy.add(toxic);
      await sleep(onMs);
      await proxy.remove(toxic);
      await sleep(offMs);
    }
    return result;
  }
});

const RETRIED = /no answer; attempt 1 failed/;
const MANY = 10;
const MOST_TURNS = 30;

/** The scenario with more that goes, so that a run is long enough to be disturbed. */
function withManyStages(scenario: Scenario): Scenario {
  const more = Array.from({ length: MANY }, (_, at) => `more${at}`);
  const { expect: expected, registry } = scenario;
  if (expected === undefined) throw new Error(`${scenario.id} has steps`);
  return {
    ...scenario,
    registry: {
      ...registry,
      stages: [...(registry.stages ?? []), ...more.map((id) => stage(id))],
    },
    expect: { ...expected, deleted: [...expected.deleted, ...more] },
  };
}
