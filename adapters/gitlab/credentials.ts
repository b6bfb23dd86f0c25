import type { AdapterContext, Credentials } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";

/** Who we are: to the token service of the registry, and to the API where the token is one that it takes. */
export interface Identity {
  /** For `/jwt/auth`; absent: what docker's configuration holds. */
  readonly registry?: Extract<Credentials, { readonly kind: "password" }>;
  /** For the API; absent: it cannot be asked. */
  readonly api?: ApiToken;
}

export interface ApiToken {
  /** `job` tokens reach the container registry of their own project, and no GraphQL. */
  readonly kind: "access" | "job";
  readonly token: string;
}

/**
 * What the options say; else, in a job of GitLab CI and on its own registry only, the job's token.
 *
 * Access tokens are taken with any user name; `oauth2` is the one that OAuth tokens are taken with as well.
 * Source: GitLab docs, "Authenticate with the container registry". Throws `RegistryError`.
 */
export function identityOf({ host, options }: AdapterContext): Identity {
  const given = TOKENS.flatMap((name) => (options[name] === undefined ? [] : [name]));
  if (given.length > 1) throw invalid(host, `${given.join(" and ")} exclude each other; give one`);
  const username = options["gitlab-username"];
  const { "gitlab-token": access, "gitlab-deploy-token": deploy } = options;
  if (access !== undefined) {
    return {
      registry: password(username ?? "oauth2", access),
      api: { kind: "access", token: access },
    };
  }
  if (deploy !== undefined) {
    if (username === undefined) throw invalid(host, "gitlab-deploy-token needs gitlab-username");
    return { registry: password(username, deploy) };
  }
  const job = options["gitlab-job-token"];
  return job === undefined ? {} : jobIdentity(job, username);
}

/** The identity of the CI job we run in, when this host is its registry. */
export function identityOfJob({ host, env }: AdapterContext): Identity {
  const { CI_JOB_TOKEN: token, CI_REGISTRY: registry } = env;
  if (token === undefined || token === "" || registry?.toLowerCase() !== host) return {};
  return jobIdentity(token);
}

const TOKENS = ["gitlab-token", "gitlab-job-token", "gitlab-deploy-token"] as const;

function jobIdentity(token: string, username = "gitlab-ci-token"): Identity {
  return { registry: password(username, token), api: { kind: "job", token } };
}

function password(username: string, secret: string): NonNullable<Identity["registry"]> {
  return { kind: "password", username, password: secret };
}

function invalid(host: string, why: string): RegistryError {
  return new RegistryError(
    "invalid",
    `${host}: cannot use the options of gitlab: invalid (${why})`,
  );
}
