import { openSimulated } from "./backend-vendor.ts";
import type { Backend } from "./backend.ts";
import { REAL, SIMULATED, olareg } from "./backends.ts";
import { createOddServer, personalityOf } from "./odd-server.ts";
import type { Scenario } from "./scenario.ts";

/** Where this project's own scenarios run. */
export interface OwnPlace {
  readonly name: string;
  readonly isRunnable: boolean;
  /** Whether one serves all scenarios. */
  readonly isShared: boolean;
  readonly open: (scenario: Scenario) => Promise<Backend>;
}

/** Where a scenario runs that does not say where. */
export const PLACES_OF_ALL: readonly string[] = [
  "layout",
  "docker-registry",
  "olareg",
  "ecr",
  "github",
];

const real = REAL.filter(({ name }) => name !== olareg.name);

/** Every place that a scenario may name; `simulated` behaves as the scenario's field `server` says. */
export const OWN_PLACES: readonly OwnPlace[] = [
  ...[...real, olareg].map((entry) => ({ ...entry, isShared: true })),
  ...SIMULATED.map((entry) => ({ ...entry, isShared: false })),
  { name: "simulated", isRunnable: true, isShared: false, open: openServer },
];

async function openServer({ server = {} }: Scenario): Promise<Backend> {
  const { tagDeletion, manifestTypes } = personalityOf(server);
  return openSimulated(createOddServer(server), {
    untags: tagDeletion === "allow" && server["untaggingStatus"] === undefined,
    ...(manifestTypes === "oci" ? { onlyMedia: "oci" } : {}),
  });
}
