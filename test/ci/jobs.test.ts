import { describe, expect, it } from "vitest";

import { githubJob, needsProject } from "../../src/ci/github-job.ts";
import { gitlabJob } from "../../src/ci/gitlab-job.ts";
import type { CiJob } from "../../src/ci/job.ts";
import { dockerSection } from "../../src/ci/job.ts";
import { writeScript } from "../../src/ci/script.ts";
import { SHELLS } from "../../src/ci/shell.ts";

const GITLAB = {
  CI_REGISTRY: "r.gitlab.test:5050",
  CI_REGISTRY_IMAGE: "r.gitlab.test:5050/acme/shop",
  CI_JOB_TOKEN: "job-token",
  CI_ENVIRONMENT_SLUG: "production",
  TRDL_USE_WERF_GROUP_CHANNEL: "2 stable",
  CI_PROJECT_URL: "https://gitlab.test/acme/shop",
  CI_COMMIT_SHA: "c0ffee",
  CI_COMMIT_TAG: "v1.0",
  CI_PIPELINE_ID: "7",
  CI_JOB_ID: "42",
  CI_SERVER_VERSION: "17.2.0",
};

const GITHUB = {
  GITHUB_REPOSITORY: "Acme/Shop",
  GITHUB_ACTOR: "octo",
  GITHUB_TOKEN: "workflow-token",
  GITHUB_SHA: "c0ffee",
  GITHUB_REF: "refs/tags/v1.0",
  GITHUB_RUN_ID: "99",
};

describe("gitlab", () => {
  it("tells repository, implementation, environment, annotations and log", () => {
    expect(told(gitlabJob(GITLAB))).toEqual({
      WERF_REPO: "r.gitlab.test:5050/acme/shop",
      WERF_REPO_CONTAINER_REGISTRY: "gitlab",
      WERF_ENV: "production",
      WERF_ADD_ANNOTATION_WERF_RELEASE_CHANNEL: "werf.io/release-channel=2 stable",
      WERF_ADD_ANNOTATION_PROJECT_GIT: "project.werf.io/git=https://gitlab.test/acme/shop",
      WERF_ADD_ANNOTATION_CI_COMMIT: "ci.werf.io/commit=c0ffee",
      WERF_ADD_ANNOTATION_CI_GIT_TAG: "ci.werf.io/tag=v1.0",
      WERF_ADD_ANNOTATION_GITLAB_CI_PIPELINE_URL:
        "gitlab.ci.werf.io/pipeline-url=https://gitlab.test/acme/shop/pipelines/7",
      WERF_ADD_ANNOTATION_GITLAB_CI_JOB_URL:
        "gitlab.ci.werf.io/job-url=https://gitlab.test/acme/shop/-/jobs/42",
      WERF_LOG_COLOR_MODE: "on",
      WERF_LOG_PROJECT_DIR: "1",
      WERF_ENABLE_PROCESS_EXTERMINATOR: "1",
      WERF_LOG_TERMINAL_WIDTH: "130",
    });
  });

  it("logs in with the job's token", () => {
    expect(gitlabJob(GITLAB).login).toEqual({
      host: "r.gitlab.test:5050",
      username: "gitlab-ci-token",
      password: "job-token",
    });
  });

  it.each([
    ["CI_REGISTRY_IMAGE", "registry of this project"],
    ["CI_JOB_TOKEN", "CI_JOB_TOKEN is not set"],
  ])("without %s has no login, and says why", (name, words) => {
    const job = gitlabJob({ ...GITLAB, [name]: "" });

    expect(job.login).toBeUndefined();
    expect(job.withoutLogin).toContain(words);
  });

  it.each([
    [
      "another repository of the registry",
      { WERF_REPO: "r.gitlab.test:5050/acme/other" },
      "gitlab",
    ],
    ["a repository elsewhere", { WERF_REPO: "other.test/acme/shop" }, ""],
    ["one of ours elsewhere", { TIDEMARK_REPO: "other.test/acme/shop" }, ""],
    ["none, and the registry is off", { CI_REGISTRY_IMAGE: "" }, ""],
  ])("names the implementation for a job with %s: %j", (_, env, implementation) => {
    expect(settingsOf(gitlabJob({ ...GITLAB, ...env })).get("WERF_REPO_CONTAINER_REGISTRY")).toBe(
      implementation,
    );
  });

  it.each([
    ["12.1.3", "on"],
    ["12.1.4-ee", "off"],
    ["12.2.0", "on"],
    ["", "on"],
  ])("of version %j has colours %s", (version, mode) => {
    const job = gitlabJob({ ...GITLAB, CI_SERVER_VERSION: version });

    expect(settingsOf(job).get("WERF_LOG_COLOR_MODE")).toBe(mode);
  });

  it("takes the links that it is told before those it could make", () => {
    const links = { CI_PIPELINE_URL: "https://g.test/p/1", CI_JOB_URL: "https://g.test/j/2" };

    expect(told(gitlabJob({ ...GITLAB, ...links }))).toMatchObject({
      WERF_ADD_ANNOTATION_GITLAB_CI_PIPELINE_URL:
        "gitlab.ci.werf.io/pipeline-url=https://g.test/p/1",
      WERF_ADD_ANNOTATION_GITLAB_CI_JOB_URL: "gitlab.ci.werf.io/job-url=https://g.test/j/2",
    });
  });

  it("tells no links without what they are made of", () => {
    const job = gitlabJob({ CI_PIPELINE_ID: "7", CI_JOB_ID: "42" });

    expect(Object.keys(told(job)).filter((name) => name.includes("ANNOTATION"))).toEqual([]);
  });
});

describe("github", () => {
  it("tells repository, token, annotations and log", () => {
    expect(told(githubJob(GITHUB, "web"))).toEqual({
      WERF_REPO: "ghcr.io/acme/shop/web",
      WERF_REPO_GITHUB_TOKEN: "workflow-token",
      WERF_ADD_ANNOTATION_PROJECT_GIT: "project.werf.io/git=https://github.com/Acme/Shop",
      WERF_ADD_ANNOTATION_CI_COMMIT: "ci.werf.io/commit=c0ffee",
      WERF_ADD_ANNOTATION_CI_GIT_TAG: "ci.werf.io/tag=v1.0",
      WERF_ADD_ANNOTATION_GITHUB_ACTIONS_RUN_URL:
        "github.ci.werf.io/workflow-run-url=https://github.com/Acme/Shop/actions/runs/99",
      WERF_LOG_COLOR_MODE: "on",
      WERF_LOG_PROJECT_DIR: "1",
      WERF_ENABLE_PROCESS_EXTERMINATOR: "1",
      WERF_LOG_TERMINAL_WIDTH: "130",
    });
  });

  it("logs in with the workflow's token", () => {
    expect(githubJob(GITHUB, "web").login).toEqual({
      host: "ghcr.io",
      username: "octo",
      password: "workflow-token",
    });
  });

  it("without its token has no login, and says how to hand it in", () => {
    const job = githubJob({ ...GITHUB, GITHUB_TOKEN: "" }, "web");

    expect(job.login).toBeUndefined();
    expect(job.withoutLogin).toContain("secrets.GITHUB_TOKEN");
  });

  it("on a server of one's own has the registry beside it", () => {
    const job = githubJob({ ...GITHUB, GITHUB_SERVER_URL: "https://git.acme.test/" }, "web");

    expect(job.login?.host).toBe("containers.git.acme.test");
    expect(told(job)).toMatchObject({
      WERF_REPO: "containers.git.acme.test/acme/shop/web",
      WERF_ADD_ANNOTATION_PROJECT_GIT: "project.werf.io/git=https://git.acme.test/Acme/Shop",
    });
  });

  it("logs in to the old registry where the job's repository is there", () => {
    const job = githubJob(
      { ...GITHUB, WERF_REPO: "docker.pkg.github.com/acme/shop/web" },
      undefined,
    );

    expect(job.login?.host).toBe("docker.pkg.github.com");
    expect(settingsOf(job).get("WERF_REPO_GITHUB_TOKEN")).toBe("workflow-token");
  });

  it("keeps its token to itself where another registry is chosen", () => {
    const job = githubJob({ ...GITHUB, WERF_REPO: "other.test/shop" }, undefined);

    expect(settingsOf(job).get("WERF_REPO_GITHUB_TOKEN")).toBe("");
  });

  it("takes a branch for no tag", () => {
    const job = githubJob({ ...GITHUB, GITHUB_REF: "refs/heads/v1.0" }, "web");

    expect(settingsOf(job).get("WERF_ADD_ANNOTATION_CI_GIT_TAG")).toBe("");
  });

  it("needs the project's name only for an address that nobody gave", () => {
    expect(needsProject(GITHUB)).toBe(true);
    expect(needsProject({ ...GITHUB, WERF_REPO: "r.test/shop" })).toBe(false);
    expect(needsProject({})).toBe(false);
  });
});

it("a script keeps what is set, and names what is not told", () => {
  const env = { ...GITHUB, WERF_LOG_COLOR_MODE: "off", GITHUB_REF: "" };
  const { sections } = githubJob(env, "web");

  const script = writeScript([dockerSection("/tmp/job", env), ...sections], SHELLS.default, env);

  expect(script).toBe(
    [
      "# docker configuration of this job",
      "export DOCKER_CONFIG='/tmp/job'",
      "export WERF_DOCKER_CONFIG='/tmp/job'",
      "",
      "# repository",
      "export WERF_REPO='ghcr.io/acme/shop/web'",
      'export WERF_REPO_GITHUB_TOKEN="${GITHUB_TOKEN-}"',
      "",
      "# annotations",
      "# export WERF_ADD_ANNOTATION_WERF_RELEASE_CHANNEL=''",
      "export WERF_ADD_ANNOTATION_PROJECT_GIT='project.werf.io/git=https://github.com/Acme/Shop'",
      "export WERF_ADD_ANNOTATION_CI_COMMIT='ci.werf.io/commit=c0ffee'",
      "# export WERF_ADD_ANNOTATION_CI_GIT_TAG=''",
      "export WERF_ADD_ANNOTATION_GITHUB_ACTIONS_RUN_URL='github.ci.werf.io/workflow-run-url=https://github.com/Acme/Shop/actions/runs/99'",
      "",
      "# log",
      "# skip WERF_LOG_COLOR_MODE: it is set already",
      "export WERF_LOG_PROJECT_DIR='1'",
      "export WERF_ENABLE_PROCESS_EXTERMINATOR='1'",
      "export WERF_LOG_TERMINAL_WIDTH='130'",
      "",
    ].join("\n"),
  );
});

it("a docker configuration that Tidemark's own variable names gives way to the job's", () => {
  const env = { TIDEMARK_DOCKER_CONFIG: "/root/.docker", WERF_DOCKER_CONFIG: "/root/.docker" };

  expect(dockerSection("/tmp/job", env).settings).toEqual(
    ["DOCKER_CONFIG", "WERF_DOCKER_CONFIG", "TIDEMARK_DOCKER_CONFIG"].map((name) => ({
      name,
      value: "/tmp/job",
      keep: false,
    })),
  );
});

function settingsOf({ sections }: CiJob): Map<string, string> {
  return new Map(
    sections.flatMap(({ settings }) => settings.map(({ name, value }) => [name, value] as const)),
  );
}

/** What has a value. */
function told(job: CiJob): Record<string, string> {
  return Object.fromEntries([...settingsOf(job)].filter(([, value]) => value !== ""));
}
