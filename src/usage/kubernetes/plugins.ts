import type { KubeConfig } from "@kubernetes/client-node";

import { ClusterError } from "./error.ts";
import { askPlugin, parsePlugin } from "./exec-credential.ts";
import type { CredentialPlugin, ExecCredential } from "./exec-credential.ts";
import { textAt } from "./json.ts";
import type { Variables } from "./request.ts";
import type { ClusterTarget } from "./targets.ts";

export interface PluginDeps {
  readonly env: Variables;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** A credential is renewed when it has less than this left. Milliseconds. */
const RENEW_BEFORE_MS = 30_000;

/** What a user says whose credentials come from a plugin of ours. */
const PROVIDER = "credential-plugin";

/**
 * Gives credential plugins to our own reader in place of the client's, which waits for ever, does not tell a plugin which
 * cluster it is for, and puts what a plugin prints into its errors.
 */
export function withPlugins(
  { name, config, userFile }: ClusterTarget,
  deps: PluginDeps,
): KubeConfig {
  const user = config.getCurrentUser();
  const cluster = config.getCurrentCluster();
  if (user === null || cluster === null || user.exec === undefined) return config;
  const plugin = parsePlugin(user.exec, userFile, {
    server: cluster.server,
    "insecure-skip-tls-verify": cluster.skipTLSVerify,
    ...(cluster.caData === undefined ? {} : { "certificate-authority-data": cluster.caData }),
  });
  const { exec: _exec, ...rest } = user;
  config.loadFromOptions({
    clusters: config.getClusters(),
    contexts: config.getContexts(),
    users: [{ ...rest, authProvider: { name: PROVIDER } }],
    currentContext: config.getCurrentContext(),
  });
  let known: Promise<ExecCredential> | undefined;
  config.addAuthenticator({
    isAuthProvider: ({ authProvider }) => textAt(authProvider, "name") === PROVIDER,
    async applyAuthentication(_user, options) {
      known = renew(known, plugin, name, deps);
      const { certificate, key, token } = await known;
      if (certificate !== undefined) options.cert = certificate;
      if (key !== undefined) options.key = key;
      if (token === undefined) return;
      options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    },
  });
  return config;
}

/** Requests in flight share one call of the plugin. */
async function renew(
  before: Promise<ExecCredential> | undefined,
  plugin: CredentialPlugin | undefined,
  context: string,
  { env, signal, now }: PluginDeps,
): Promise<ExecCredential> {
  const known = await before;
  const { expiresAt = Number.POSITIVE_INFINITY } = known ?? {};
  if (known !== undefined && expiresAt - RENEW_BEFORE_MS > now().getTime()) return known;
  if (plugin !== undefined) return askPlugin(plugin, { context, env, signal });
  throw new ClusterError(
    "unauthorized",
    `cluster ${context}: its credential plugin is not understood; apiVersion and command are needed`,
  );
}
