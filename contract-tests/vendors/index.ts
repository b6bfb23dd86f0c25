import { acr } from "./acr.ts";
import { gcr } from "./gcr.ts";
import { dockerhub } from "./dockerhub.ts";
import { artifactory } from "./artifactory.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { harbor } from "./harbor.ts";
import { ecr } from "./ecr.ts";
import { quay } from "./quay.ts";
import { nexus } from "./nexus.ts";
import type { Vendor } from "./vendor.ts";

/** Every implementation that has no server to run, simulated; in the order of the adapter table. */
export const VENDORS: readonly Vendor[] = [
  ecr,
  acr,
  dockerhub,
  github,
  gitlab,
  harbor,
  quay,
  gcr,
  artifactory,
  nexus,
];
