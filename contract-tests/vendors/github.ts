import { createFakeGithub, OWNER, TOKEN } from "../fakes/github/registry.ts";
import type { GithubTraits } from "../fakes/github/registry.ts";
import type { Simulation, Vendor } from "./vendor.ts";

/** The container registry of GitHub. */
export const github: Vendor = {
  id: "github",
  load: () => import("../../adapters/github/adapter.ts"),
  simulate: ({ now, pageSize } = {}) =>
    simulateGithub({
      ...(now === undefined ? {} : { now }),
      ...(pageSize === undefined ? {} : { maxPage: pageSize }),
    }),
  // Tags of one manifest come together, on one page.
  pages: false,
  // The package first, then its versions.
  isListing: ({ method, path }) =>
    method === "GET" && path.includes("/packages/container/") && !/\/versions\/\d+$/.test(path),
  isDeletion: ({ method, path }) => method === "DELETE" && /\/packages\/[a-z]+\/.+$/.test(path),
};

export function simulateGithub(traits: GithubTraits = {}): Simulation {
  const popular = new Set(traits.popular);
  return {
    registry: createFakeGithub({ ...traits, popular }),
    repositoryName: (short) => `${OWNER}/${short}`,
    hinder: (_, { digest }) => void popular.add(digest),
    access: (host) => ({
      options: {
        "github-token": TOKEN,
        "github-api-url": `http://${host}/api/v3`,
        // A registry that is emptied altogether loses the package too.
        "github-delete-packages": "true",
      },
      env: {},
      secrets: [TOKEN],
    }),
  };
}
