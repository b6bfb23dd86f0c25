/** What a CI system tells of a job. */
export interface CiJob {
  /** The login that the system offers; absent where it tells no credentials. */
  readonly login?: CiLogin;
  /** Why there is none, a sentence for people. */
  readonly withoutLogin?: string;
  readonly sections: readonly Section[];
}

export interface CiLogin {
  /** Host of the registry. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export interface Section {
  /** One line. */
  readonly title: string;
  readonly settings: readonly Setting[];
}

/** A variable for what runs in the job. */
export interface Setting {
  readonly name: string;
  /** Empty: the system does not tell it. */
  readonly value: string;
  /** A variable of the job that has this value, which is secret: a script names it in its place. */
  readonly from?: string;
  /** Whether a value that the job has already stays. */
  readonly keep: boolean;
}

export type JobEnvironment = Readonly<Record<string, string | undefined>>;

/** A value that the job may have set to something else, which then stays. */
export function kept(name: string, value: string | undefined): Setting {
  return { name, value: value ?? "", keep: true };
}

/** A value that only the system knows. */
export function told(name: string, value: string | undefined): Setting {
  return { name, value: value ?? "", keep: false };
}

/** What the annotations of a deployment tell of the job. Source: werf, `ci-env`. */
export function annotationSection(
  env: JobEnvironment,
  { project, commit, tag }: Readonly<Record<"project" | "commit" | "tag", string | undefined>>,
  pages: readonly Setting[],
): Section {
  const channel = env["TRDL_USE_WERF_GROUP_CHANNEL"];
  return {
    title: "annotations",
    settings: [
      annotation("WERF_RELEASE_CHANNEL", "werf.io/release-channel", channel),
      annotation("PROJECT_GIT", "project.werf.io/git", project),
      annotation("CI_COMMIT", "ci.werf.io/commit", commit),
      annotation("CI_GIT_TAG", "ci.werf.io/tag", tag),
      ...pages,
    ],
  };
}

/** `NAME=KEY=VALUE`, as annotations are written; empty without a value. */
export function annotation(name: string, key: string, value: string | undefined): Setting {
  const isTold = value !== undefined && value !== "";
  return told(`WERF_ADD_ANNOTATION_${name}`, isTold ? `${key}=${value}` : "");
}

/** What a CI system's log can show. Source: werf, `ci-env`. */
export function logSection(colours: "on" | "off"): Section {
  return {
    title: "log",
    settings: [
      kept("WERF_LOG_COLOR_MODE", colours),
      kept("WERF_LOG_PROJECT_DIR", "1"),
      kept("WERF_ENABLE_PROCESS_EXTERMINATOR", "1"),
      kept("WERF_LOG_TERMINAL_WIDTH", "130"),
    ],
  };
}

/** Where docker, werf and Tidemark find the credentials of the job. A variable of ours would win, so it follows. */
export function dockerSection(directory: string, env: JobEnvironment): Section {
  const names = ["DOCKER_CONFIG", "WERF_DOCKER_CONFIG"];
  const ours = "TIDEMARK_DOCKER_CONFIG";
  const isSet = (env[ours] ?? "") !== "";
  return {
    title: "docker configuration of this job",
    settings: [...names, ...(isSet ? [ours] : [])].map((name) => told(name, directory)),
  };
}

/** The host of `host/name`, in lower case; empty when there is none. */
export function hostOfAddress(address: string | undefined): string {
  return (address ?? "").split("/")[0]?.toLowerCase() ?? "";
}

/** The repositories that commands of the job will work on: those it has chosen, else the given one; empty: none is known. */
export function chosenRepositories(env: JobEnvironment, otherwise: string): readonly string[] {
  const chosen = withoutEmpty([env["TIDEMARK_REPO"], env["WERF_REPO"]]);
  return chosen.length > 0 ? chosen : withoutEmpty([otherwise]);
}

function withoutEmpty(texts: readonly (string | undefined)[]): readonly string[] {
  return texts.filter((text) => text !== undefined && text !== "").map(String);
}
