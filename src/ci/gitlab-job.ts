import {
  annotation,
  annotationSection,
  chosenRepositories,
  hostOfAddress,
  kept,
  logSection,
} from "./job.ts";
import type { CiJob, CiLogin, JobEnvironment } from "./job.ts";

/** Source: GitLab, "Predefined CI/CD variables reference"; werf, `ci-env gitlab`. */
export function gitlabJob(env: JobEnvironment): CiJob {
  const image = env["CI_REGISTRY_IMAGE"] ?? "";
  const login = loginOf(env, image);
  const project = env["CI_PROJECT_URL"];
  return {
    ...(login === undefined ? { withoutLogin: withoutLogin(image) } : { login }),
    sections: [
      {
        title: "repository",
        settings: [
          kept("WERF_REPO", image),
          kept("WERF_REPO_CONTAINER_REGISTRY", isOwnRegistry(env, image) ? "gitlab" : ""),
        ],
      },
      { title: "environment", settings: [kept("WERF_ENV", env["CI_ENVIRONMENT_SLUG"])] },
      annotationSection(env, { project, commit: env["CI_COMMIT_SHA"], tag: env["CI_COMMIT_TAG"] }, [
        annotation(
          "GITLAB_CI_PIPELINE_URL",
          "gitlab.ci.werf.io/pipeline-url",
          env["CI_PIPELINE_URL"] || below(project, "pipelines", env["CI_PIPELINE_ID"]),
        ),
        annotation(
          "GITLAB_CI_JOB_URL",
          "gitlab.ci.werf.io/job-url",
          env["CI_JOB_URL"] || below(project, "-/jobs", env["CI_JOB_ID"]),
        ),
      ]),
      logSection(cannotColour(env["CI_SERVER_VERSION"]) ? "off" : "on"),
    ],
  };
}

/** The job token is for the registry of this very GitLab, which is where `CI_REGISTRY_IMAGE` is. */
function loginOf(env: JobEnvironment, image: string): CiLogin | undefined {
  const host = hostOfAddress(image);
  const password = env["CI_JOB_TOKEN"] ?? "";
  if (host === "" || password === "") return undefined;
  return { host, username: "gitlab-ci-token", password };
}

function withoutLogin(image: string): string {
  return image === ""
    ? "CI_REGISTRY_IMAGE is not set (is the registry of this project switched on?), so nothing is logged in"
    : "CI_JOB_TOKEN is not set, so nothing is logged in";
}

function isOwnRegistry(env: JobEnvironment, image: string): boolean {
  const own = hostOfAddress(env["CI_REGISTRY"]) || hostOfAddress(image);
  const chosen = chosenRepositories(env, image);
  return chosen.length > 0 && chosen.every((address) => hostOfAddress(address) === own);
}

/** Versions before 11.1 do not tell the addresses themselves. */
function below(project: string | undefined, path: string, id: string | undefined): string {
  const isTold = (project ?? "") !== "" && (id ?? "") !== "";
  return isTold ? `${project}/${path}/${id}` : "";
}

/** Logs of versions after 12.1.3 and before 12.2.0 show no colours. Source: werf, `ci-env gitlab`. */
function cannotColour(version: string | undefined): boolean {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? "")
    ?.slice(1)
    .map(Number);
  const [major, minor = 0, patch = 0] = numbers ?? [];
  return major === 12 && minor === 1 && patch > 3;
}
