export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Variables that would lead Git to another repository, another history or another output than those of the
 * directory it is run in; a Git hook sets some of them. Source: `git rev-parse --local-env-vars`.
 */
const LEADS_ASTRAY =
  /^(?:GIT_(?:DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|OBJECT_DIRECTORY|SHALLOW_FILE|NAMESPACE|PREFIX|REPLACE_REF_BASE|IMPLICIT_WORK_TREE|INTERNAL_SUPER_PREFIX|TRACE\w*|CURL_VERBOSE|REF_PARANOIA))$/i;

/** What every Git process of ours gets: the caller's environment, made to stay in its repository and to ask nobody. */
export function gitEnvironment(env: Environment): Record<string, string> {
  return {
    ...definedOnly(env),
    // Messages are classified in English; reference names are bytes either way.
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    // History as it was committed. A path below a file is absent everywhere, so no graft is read and no advice given.
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_GRAFT_FILE: "/dev/null/grafts",
  };
}

/** For commands that only read what is there: a partial clone must not fetch a missing object on the way. */
export function offline(env: Record<string, string>): Record<string, string> {
  return { ...env, GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "" };
}

/** For commands that talk to the remote: ssh does not ask either, unless the user has set up an ssh command. */
export function unattended(
  env: Record<string, string>,
  sshCommand: string | undefined,
): Record<string, string> {
  const isConfigured = sshCommand !== undefined || "GIT_SSH_COMMAND" in env || "GIT_SSH" in env;
  return isConfigured ? env : { ...env, GIT_SSH_COMMAND: "ssh -o BatchMode=yes" };
}

function definedOnly(env: Environment): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || LEADS_ASTRAY.test(name) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}
