import {
  annotation,
  annotationSection,
  chosenRepositories,
  hostOfAddress,
  kept,
  logSection,
} from "./job.ts";
import type { CiJob, CiLogin, JobEnvironment, Setting } from "./job.ts";

/** Source: GitHub, "Variables reference"; werf, `ci-env github`. */
const DEFAULT_SERVER = "https://github.com";

/** The registry that came before, where a job may still have its repository. */
const OLD_HOST = "docker.pkg.github.com";

/** @param project Name of the project, as its configuration has it; `undefined` where that was not asked or is absent. */
export function githubJob(env: JobEnvironment, project: string | undefined): CiJob {
  const host = registryHost(env);
  const name = env["GITHUB_REPOSITORY"] ?? "";
  const image =
    name === "" || project === undefined ? "" : `${host}/${name.toLowerCase()}/${project}`;
  const login = loginOf(env, host);
  const page = name === "" ? "" : `${serverOf(env)}/${name}`;
  const run = env["GITHUB_RUN_ID"] ?? "";
  return {
    ...(login === undefined ? { withoutLogin: withoutLogin(env) } : { login }),
    sections: [
      {
        title: "repository",
        settings: [kept("WERF_REPO", image), tokenOf(env, { host, image })],
      },
      annotationSection(env, { project: page, commit: env["GITHUB_SHA"], tag: tagOf(env) }, [
        annotation(
          "GITHUB_ACTIONS_RUN_URL",
          "github.ci.werf.io/workflow-run-url",
          page === "" || run === "" ? "" : `${page}/actions/runs/${run}`,
        ),
      ]),
      logSection("on"),
    ],
  };
}

/** Whether the project's name has to be known: it is a part of the repository's address. */
export function needsProject(env: JobEnvironment): boolean {
  return (env["WERF_REPO"] ?? "") === "" && (env["GITHUB_REPOSITORY"] ?? "") !== "";
}

function loginOf(env: JobEnvironment, host: string): CiLogin | undefined {
  const { GITHUB_ACTOR: username = "", GITHUB_TOKEN: password = "" } = env;
  if (username === "" || password === "") return undefined;
  const isOld = chosenRepositories(env, "").map(hostOfAddress).includes(OLD_HOST);
  return { host: isOld ? OLD_HOST : host, username, password };
}

function withoutLogin(env: JobEnvironment): string {
  return (env["GITHUB_TOKEN"] ?? "") === ""
    ? "GITHUB_TOKEN is not set, so nothing is logged in; give the step env: GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}"
    : "GITHUB_ACTOR is not set, so nothing is logged in";
}

/** Only for the registry of this very server: elsewhere the option means nothing. */
function tokenOf(
  env: JobEnvironment,
  { host, image }: { readonly host: string; readonly image: string },
): Setting {
  const own = [host, OLD_HOST];
  const isOwn = chosenRepositories(env, image).every((address) =>
    own.includes(hostOfAddress(address)),
  );
  const value = isOwn ? env["GITHUB_TOKEN"] : undefined;
  return { ...kept("WERF_REPO_GITHUB_TOKEN", value), from: "GITHUB_TOKEN" };
}

function tagOf(env: JobEnvironment): string {
  const prefix = "refs/tags/";
  const ref = env["GITHUB_REF"] ?? "";
  return ref.startsWith(prefix) ? ref.slice(prefix.length) : "";
}

function serverOf(env: JobEnvironment): string {
  const server = env["GITHUB_SERVER_URL"] ?? "";
  return server === "" ? DEFAULT_SERVER : server.replace(/\/+$/, "");
}

/** Servers of one's own have their registry beside them. Source: GitHub Enterprise Server, "Container registry". */
function registryHost(env: JobEnvironment): string {
  const server = serverOf(env);
  const host = URL.canParse(server) ? new URL(server).host : "";
  return host === "" || host === "github.com" ? "ghcr.io" : `containers.${host}`;
}
