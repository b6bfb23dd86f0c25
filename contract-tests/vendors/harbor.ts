import { createFakeHarbor } from "../fakes/harbor/harbor.ts";
import type { Vendor } from "./vendor.ts";

const PROJECT = "acme";
const ROBOT = { username: "robot$acme+tidemark", password: "s3cret-of-the-harbor-robot" } as const;

/** Harbor 2. */
export const harbor: Vendor = {
  id: "harbor",
  load: () => import("../../adapters/harbor/adapter.ts"),
  simulate(options = {}) {
    const frozen = new Set<string>();
    const isImmutable = (name: string, tag: string): boolean => frozen.has(`${name}:${tag}`);
    return {
      registry: createFakeHarbor({ ...options, users: [ROBOT], projects: [PROJECT], isImmutable }),
      repositoryName: (short) => `${PROJECT}/${short}`,
      hinder: (name, { tag }) => void frozen.add(`${name}:${tag}`),
      access: () => ({
        options: { "harbor-username": ROBOT.username, "harbor-password": ROBOT.password },
        env: {},
        secrets: [ROBOT.password],
      }),
    };
  },
  // A page holds artifacts, of which each has all its tags.
  pages: false,
  isListing: ({ method, path }) =>
    method === "GET" && (path.endsWith("/tags/list") || path.endsWith("/artifacts")),
  isDeletion: ({ method }) => method === "DELETE",
};
