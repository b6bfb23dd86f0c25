import { describe, expect, it } from "vitest";

import { missingForApiServer, startApiServer } from "../../contract-tests/kubernetes/api-server.ts";
import { PEERS, peersAreRequired } from "../../contract-tests/servers/peers.ts";
import { USED_RESOURCES, endEveryUse } from "../cli/cluster-world.ts";

const missing = missingForApiServer();

describe(`images in use on ${PEERS["kube-apiserver"]}`, () => {
  it.skipIf(missing.length > 0 && !peersAreRequired())("its programs are installed", () => {
    expect(missing).toEqual([]);
  });

  it.runIf(missing.length === 0)(
    "stay in every way to use them, by tag and by digest, and go one by one when they are not",
    async () => {
      const cluster = await startApiServer({ resources: USED_RESOURCES });
      const { found, wanted } = await endEveryUse(cluster);

      expect(found).toEqual(wanted);
    },
    300_000,
  );
});
