import { createFakeArtifactory } from "../fakes/artifactory/artifactory.ts";
import type { Vendor } from "./vendor.ts";

const USER = { username: "tidemark", password: "s3cret-of-the-artifactory-user" } as const;

/** JFrog Artifactory 7, its repository the first component of each name. */
export const artifactory: Vendor = {
  id: "artifactory",
  load: () => import("../../adapters/artifactory/adapter.ts"),
  simulate: (options = {}) => ({
    registry: createFakeArtifactory({ ...options, users: [USER] }),
    repositoryName: (short) => `docker-local/${short}`,
    access: () => ({
      options: { "artifactory-username": USER.username, "artifactory-password": USER.password },
      env: {},
      secrets: [USER.password],
    }),
  }),
  // A search answers with everything at once.
  pages: false,
  isListing: ({ path }) => path.endsWith("/tags/list") || path.endsWith("/api/search/aql"),
  isDeletion: ({ method }) => method === "DELETE",
  isWrite: ({ method, path }) =>
    method !== "GET" && method !== "HEAD" && !path.endsWith("/api/search/aql"),
};
