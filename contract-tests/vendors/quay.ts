import { createFakeQuay } from "../fakes/quay/quay.ts";
import type { Vendor } from "./vendor.ts";

const NAMESPACE = "acme";
const ROBOT = { username: "acme+tidemark", password: "S3CRETOFTHEQUAYROBOT" } as const;
const TOKEN = {
  token: "s3cretOfTheQuayApplication",
  username: "acme-owner",
  scopes: ["repo:read", "repo:write", "user:read"],
} as const;

/** Quay as quay.io is: no nested names. */
export const quay: Vendor = {
  id: "quay",
  load: () => import("../../adapters/quay/adapter.ts"),
  simulate: (options = {}) => ({
    registry: createFakeQuay({ ...options, users: [ROBOT], tokens: [TOKEN] }),
    repositoryName: (short) => `${NAMESPACE}/${short.replaceAll("/", ".")}`,
    access: () => ({
      options: {
        "quay-token": TOKEN.token,
        "quay-username": ROBOT.username,
        "quay-password": ROBOT.password,
      },
      env: {},
      secrets: [ROBOT.password, TOKEN.token],
    }),
  }),
  pages: true,
  isListing: ({ method, path }) => method === "GET" && path.endsWith("/tag/"),
  isDeletion: ({ method }) => method === "DELETE",
};
