import { createFakeNexus } from "../fakes/nexus/nexus.ts";
import type { Vendor } from "./vendor.ts";

const USER = { username: "tidemark", password: "s3cret-of-the-nexus-user" } as const;

/** Sonatype Nexus Repository 3, routed by path. */
export const nexus: Vendor = {
  id: "nexus",
  load: () => import("../../adapters/nexus/adapter.ts"),
  simulate: (options = {}) => ({
    registry: createFakeNexus({ ...options, users: [USER] }),
    repositoryName: (short) => `docker-hosted/${short}`,
    access: () => ({
      options: { "nexus-username": USER.username, "nexus-password": USER.password },
      env: {},
      secrets: [USER.password],
    }),
  }),
  pages: true,
  isListing: ({ method, path }) =>
    method === "GET" && (path.endsWith("/tags/list") || path.endsWith("/v1/search")),
  isDeletion: ({ method }) => method === "DELETE",
};
