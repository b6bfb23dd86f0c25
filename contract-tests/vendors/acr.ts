import { createFakeAcr } from "../fakes/acr/acr.ts";
import type { Vendor } from "./vendor.ts";

const TOKEN = { username: "cleanup-token", password: "s3cret-of-the-scope-map-token" } as const;

/** Azure Container Registry. */
export const acr: Vendor = {
  id: "acr",
  load: () => import("../../adapters/acr/adapter.ts"),
  simulate(options = {}) {
    const registry = createFakeAcr({ ...options, users: [TOKEN] });
    return {
      registry,
      repositoryName: (short) => `acme/${short}`,
      hinder(name, { digest, tag }) {
        for (const item of [digest, tag]) registry.lock(name, item);
      },
      access: () => ({
        options: { "acr-username": TOKEN.username, "acr-password": TOKEN.password },
        env: {},
        secrets: [TOKEN.password],
      }),
    };
  },
  pages: true,
  isListing: ({ method, path }) =>
    method === "GET" && (path.endsWith("/tags/list") || path.endsWith("/_tags")),
  isDeletion: ({ method }) => method === "DELETE",
  isWrite: ({ method, path }) =>
    method !== "GET" && method !== "HEAD" && !path.startsWith("/oauth2/"),
};
