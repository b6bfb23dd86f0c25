import { createFakeHarbor } from "../fakes/harbor/harbor.ts";
import type { Vendor } from "./vendor.ts";

const PROJECT = "acme";
const ROBOT = { username: "robot$acme+tidemark", password: "s3cret-of-the-harbor-robot" } as const;

/** Harbor 2. */
export const harbor: Vendor = {
  id: "harbor",
  load: () => import("../../adapters/harbor/adapter.ts"),
  simulate: (options = {}) => ({
    registry: createFakeHarbor({ ...options, users: [ROBOT], projects: [PROJECT] }),
    repositoryName: (short) => `${PROJECT}/${short}`,
    access: () => ({
      options: { "harbor-username": ROBOT.username, "harbor-password": ROBOT.password },
      env: {},
      secrets: [ROBOT.password],
    }),
  }),
  // A page holds artifacts, of which each has all its tags.
  pages: false,
  isListing: ({ method, path }) =>
    method === "GET" && (path.endsWith("/tags/list") || path.endsWith("/artifacts")),
  isDeletion: ({ method }) => method === "DELETE",
};
