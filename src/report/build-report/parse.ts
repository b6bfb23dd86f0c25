import { parseEnv } from "node:util";

import { z } from "zod";

import type { BuildReportForm } from "./render.ts";

/** An image as a build report tells of it: as much as is needed to find it again. */
export interface ReportedImage {
  /** Empty for the nameless image. */
  readonly name: string;
  /** `host/name`, or `oci:PATH`. */
  readonly repository: string;
  /** Of a stage or an index, as far as the report can be trusted. */
  readonly tag: string;
  /** Of the manifest; absent where the report does not say. */
  readonly digest?: string;
  readonly isFinal: boolean;
}

/** A build report that cannot be used: why, a sentence for a person. */
export class BuildReportError extends Error {
  override readonly name = "BuildReportError";
}

/** What is read of an image. werf 1.2 writes neither `Final` nor anything of stages. */
const ImageFields = z.object({
  WerfImageName: z.string().optional(),
  DockerRepo: z.string().optional(),
  DockerTag: z.string().optional(),
  DockerImageID: z.string().optional(),
  DockerImageDigest: z.string().optional(),
  DockerImageName: z.string().optional(),
  Final: z.boolean().optional(),
});

type ImageFields = z.infer<typeof ImageFields>;

const JsonReport = z.object({ Images: z.record(z.string(), ImageFields) });

/**
 * Reads a build report, images sorted by name. Throws `BuildReportError` where there are no images, or where one lacks its name, repository, tag
 * or id; only the nameless image has an empty name.
 */
export function parseBuildReport(text: string, form: BuildReportForm): ReportedImage[] {
  const images = form === "json" ? readJson(text) : readEnv(text);
  if (images.length === 0) throw new BuildReportError("it has no images");
  return images
    .map(([name, fields]) => reported(name, fields))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function readJson(text: string): (readonly [string, ImageFields])[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BuildReportError("it is not JSON", { cause: error });
  }
  const { data, error } = JsonReport.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    const where = issue?.path.join(".") ?? "";
    throw new BuildReportError(`it is no build report: ${where}: ${issue?.message ?? ""}`);
  }
  return Object.entries(data.Images);
}

/** A variable that tells an image's name, and with that which variables are the image's. */
const NAMING = /^(WERF_.*)WERF_IMAGE_NAME$/;

function readEnv(text: string): (readonly [string, ImageFields])[] {
  const variables = new Map(Object.entries(parseEnv(text)));
  return [...variables].flatMap(([variable, name]) => {
    const prefix = NAMING.exec(variable)?.[1];
    if (prefix === undefined || name === undefined) return [];
    const field = (end: string): string | undefined => variables.get(prefix + end);
    const fields = {
      WerfImageName: name,
      DockerRepo: field("DOCKER_REPO"),
      DockerTag: field("DOCKER_TAG"),
      DockerImageID: field("DOCKER_IMAGE_ID"),
      DockerImageDigest: field("DOCKER_IMAGE_DIGEST"),
      DockerImageName: field("DOCKER_IMAGE_NAME"),
      Final: field("FINAL") !== "false",
    };
    return [[name, fields] as const];
  });
}

function reported(name: string, fields: ImageFields): ReportedImage {
  const { WerfImageName, DockerRepo, DockerTag, DockerImageID, DockerImageName } = fields;
  const required = { DockerImageName, DockerRepo, DockerTag, DockerImageID };
  for (const [field, value] of Object.entries(required)) {
    if (value === undefined || value === "") {
      throw new BuildReportError(`image "${name}" has no ${field}`);
    }
  }
  if (WerfImageName !== name) {
    throw new BuildReportError(`image "${name}" has ${JSON.stringify(WerfImageName)} as its name`);
  }
  const repository = DockerRepo ?? "";
  const tag = DockerTag ?? "";
  if (DockerImageName !== `${repository}:${tag}`) {
    throw new BuildReportError(
      `image "${name}" is ${DockerImageName}, and its repository and tag are ${repository} and ${tag}`,
    );
  }
  const { DockerImageDigest = "", Final = true } = fields;
  return {
    name,
    repository,
    tag,
    isFinal: Final,
    ...(DockerImageDigest === "" ? {} : { digest: DockerImageDigest }),
  };
}
