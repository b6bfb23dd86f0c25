import { createFakeGitlab } from "../fakes/gitlab/registry.ts";
import type { Simulation, SimulationOptions, Vendor } from "./vendor.ts";

/** GitLab, entered with the token of a CI job: it reaches the registry and the REST API of its own project. */
export const gitlab: Vendor = {
  id: "gitlab",
  load: () => import("../../adapters/gitlab/adapter.ts"),
  simulate,
  pages: true,
  isListing: ({ method, path }) => method === "GET" && path.endsWith("/tags/list"),
  isDeletion: ({ method }) => method === "DELETE",
};

function simulate(options: SimulationOptions = {}): Simulation {
  const { registry, people } = createFakeGitlab(options);
  return {
    registry,
    // A project of one group, with the repository below it.
    repositoryName: (short) => `acme/app/${short}`,
    access: (host) => ({
      options: {},
      env: { CI_JOB_TOKEN: people.jobToken, CI_REGISTRY: host },
      secrets: [people.jobToken],
    }),
  };
}
