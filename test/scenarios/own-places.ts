import { createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { ociConformant } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";
import { openSimulated } from "./backend-vendor.ts";
import type { Backend } from "./backend.ts";
import { REAL, SIMULATED, olareg } from "./backends.ts";
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
  const unknown = Object.keys(server).filter((field) => !(field in ociConformant));
  if (unknown.length > 0) throw new Error(`no registry has ${unknown.join(", ")}`);
  const personality: Personality = { ...ociConformant, ...server };
  const { tagDeletion, manifestTypes } = personality;
  return openSimulated(createFakeRegistry(personality), {
    untags: tagDeletion === "allow",
    ...(manifestTypes === "oci" ? { onlyMedia: "oci" } : {}),
  });
}
