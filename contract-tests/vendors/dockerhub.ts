import { createFakeHub } from "../fakes/dockerhub/hub.ts";
import type { Vendor } from "./vendor.ts";

const NAMESPACE = "acme";
const ACCOUNT = { identifier: "acmebot", secret: "dckr_pat_s3cret-of-the-hub-bot" } as const;

/** Docker Hub, its registry and its API on one host. */
export const dockerhub: Vendor = {
  id: "dockerhub",
  load: () => import("../../adapters/dockerhub/adapter.ts"),
  simulate: (options = {}) => ({
    registry: createFakeHub({ ...options, accounts: [ACCOUNT] }),
    repositoryName: (short) => `${NAMESPACE}/${short.replaceAll("/", "-")}`,
    access: () => ({
      options: {
        "docker-hub-username": ACCOUNT.identifier,
        "docker-hub-token": ACCOUNT.secret,
      },
      env: {},
      secrets: [ACCOUNT.secret],
    }),
  }),
  pages: true,
  isListing: ({ method, path }) =>
    method === "GET" && (path.endsWith("/tags/list") || /^\/v2\/namespaces\/.*\/tags$/.test(path)),
  isDeletion: ({ method }) => method === "DELETE",
  isWrite: ({ method, path }) => method !== "GET" && method !== "HEAD" && path !== "/v2/auth/token",
};
