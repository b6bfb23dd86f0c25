import { everywhereFaults } from "./everywhere-faults.ts";
import { everywhere } from "./everywhere.ts";
import { interruptions } from "./interruptions.ts";
import { meanwhile } from "./meanwhile.ts";
import { outcomes } from "./outcome.ts";
import { cuts, overHttp } from "./over-http.ts";
import { projects } from "./project.ts";
import type { Property } from "./property.ts";

/** Everything that must always hold of a cleanup. */
export const PROPERTIES: readonly Property[] = [
  ...outcomes,
  ...interruptions,
  ...meanwhile,
  ...overHttp,
  ...cuts,
  ...projects,
  ...everywhere,
  ...everywhereFaults,
];
