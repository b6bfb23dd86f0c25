import { PLACE, createFakeGcr } from "../fakes/gcr/registry.ts";
import type { Simulation, SimulationOptions, Vendor } from "./vendor.ts";

/** Artifact Registry, entered with an access token. */
export const gcr: Vendor = {
  id: "gcr",
  load: () => import("../../adapters/gcr/adapter.ts"),
  simulate,
  pages: true,
  isListing: ({ method, path }) => method === "GET" && path.endsWith("/tags/list"),
  isDeletion: ({ method }) => method === "DELETE",
};

function simulate(options: SimulationOptions = {}): Simulation {
  const { registry, oauth } = createFakeGcr(options);
  return {
    registry,
    repositoryName: (short) => `${PLACE}/${short}`,
    access: () => ({
      options: { "gcr-access-token": oauth.accessToken },
      env: {},
      secrets: [oauth.accessToken],
    }),
  };
}
