import type { ProjectSize } from "../project/content.ts";

/** 100 000 tags: 20 000 stages, 79 000 records of builds, 1 000 others. */
export const SIZE: ProjectSize = {
  images: 20,
  stagesPerBuild: 4,
  builds: 5_000,
  records: 79_000,
  customTags: 250,
  importRecords: 200,
  rejected: 100,
  foreign: 180,
};
