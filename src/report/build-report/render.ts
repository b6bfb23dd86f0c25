import type { BuildReport, ImageRecord } from "./build-report.ts";

/** How a build report is written. */
export type BuildReportForm = "json" | "env";

/** The text of a report. Throws as `envNames` does. */
export function renderBuildReport(report: BuildReport, form: BuildReportForm): string {
  return form === "json" ? `${JSON.stringify(report, undefined, "\t")}\n` : renderEnv(report);
}

/** Fields in an envfile, in the order of its lines, by the end of their variable's name. Source: werf 2. */
const FIELDS: readonly (readonly [string, (image: ImageRecord) => string])[] = [
  ["DOCKER_IMAGE_NAME", ({ DockerImageName }) => DockerImageName],
  ["DOCKER_IMAGE_ID", ({ DockerImageID }) => DockerImageID],
  ["DOCKER_IMAGE_DIGEST", ({ DockerImageDigest }) => DockerImageDigest],
  ["DOCKER_REPO", ({ DockerRepo }) => DockerRepo],
  ["DOCKER_TAG", ({ DockerTag }) => DockerTag],
  ["WERF_IMAGE_NAME", ({ WerfImageName }) => WerfImageName],
  ["FINAL", ({ Final }) => String(Final)],
];

/**
 * Why images cannot be told in one envfile: a sentence for a person; `undefined` when they can.
 *
 * @param names Of the images; empty for the nameless one.
 */
export function envProblem(names: readonly string[]): string | undefined {
  const owners = new Map<string, string>();
  for (const name of names) {
    const prefix = prefixOf(name);
    if (!/^[A-Z0-9_]+$/.test(prefix)) {
      return `image "${name}" makes no variable: in an envfile names have letters, digits, _ / - . only`;
    }
    for (const [end] of FIELDS) {
      const owner = owners.get(prefix + end) ?? name;
      owners.set(prefix + end, owner);
      if (owner !== name) {
        return `images "${owner}" and "${name}" would both set the variable ${prefix}${end}: rename one, or write a .json report`;
      }
    }
  }
  return undefined;
}

function renderEnv({ Images }: BuildReport): string {
  const problem = envProblem(Object.keys(Images));
  if (problem !== undefined) throw new Error(problem);
  return Object.entries(Images)
    .flatMap(([name, image]) =>
      FIELDS.map(([end, valueOf]) => `${prefixOf(name)}${end}=${valueOf(image)}\n`),
    )
    .join("");
}

/** `WERF_<NAME>_`; for the nameless image `WERF_`. Source: werf 2. */
function prefixOf(name: string): string {
  return name === "" ? "WERF_" : `WERF_${name.toUpperCase().replaceAll(/[/.-]/g, "_")}_`;
}
