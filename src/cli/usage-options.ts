import { delimiter, resolve } from "node:path";

import { Option } from "commander";
import type { Command } from "commander";

import type { Alias, UsagePolicy } from "../commands/cleanup/usage.ts";
import { UsageError } from "../commands/error.ts";
import type { UsageConfig } from "../config/config.ts";
import { parseNamespace } from "../oci/reference.ts";
import type { Namespace } from "../oci/reference.ts";
import type { ClusterConnection, ClusterRequest } from "../usage/kubernetes/request.ts";
import { collect } from "./shared-options.ts";

/** Which clusters are asked, and how they are entered. Source: werf, `cleanup`. */
export interface UsageFlags {
  readonly withoutKube: boolean;
  readonly kubeContext?: string;
  readonly scanContextOnly?: string;
  readonly scanContextNamespaceOnly: boolean;
  readonly kubeScanNamespaces: readonly string[];
  readonly kubeConfig?: string;
  readonly kubeConfigBase64?: string;
  readonly kubeApiServer?: string;
  readonly kubeToken?: string;
  readonly kubeTokenPath?: string;
  readonly kubeCaData?: string;
  readonly skipTlsVerifyKube: boolean;
  readonly allow?: readonly string[];
}

export function withUsage(command: Command): Command {
  return command
    .option("--without-kube", "do not ask any cluster which images it uses", false)
    .option("--kube-context <name>", "ask this context alone (default: every context)")
    .option("--scan-context-only <name>", "another name of --kube-context")
    .option(
      "--scan-context-namespace-only",
      "look in the namespace of each context alone (default: all namespaces)",
      false,
    )
    .addOption(
      new Option("--kube-scan-namespaces <name>", "look in this namespace alone; repeatable")
        .argParser(collect)
        .default([], "all"),
    )
    .option(
      "--kube-config <files>",
      "kube configuration (default: KUBECONFIG, then ~/.kube/config)",
    )
    .option("--kube-config-base64 <text>", "kube configuration itself, in base64")
    .option("--kube-api-server <url>", "address of the API server of the one cluster")
    .option("--kube-token <token>", "bearer token for the one cluster")
    .option("--kube-token-path <file>", "file with that token")
    .option("--kube-ca-data <base64>", "certificates in PEM to trust there, in base64")
    .option("--skip-tls-verify-kube", "accept any certificate there", false);
}

/** Who is asked; nothing where nobody is. */
export function usageOf(
  flags: UsageFlags & { readonly dir: string },
  config: UsageConfig,
  isOn: boolean,
): { readonly usage?: UsagePolicy } {
  if (!isOn || flags.withoutKube) return {};
  const { contexts, ...scope } = config.kubernetes;
  return {
    usage: {
      clusters: {
        connection: connectionOf(flags),
        context: contextOf(flags),
        expected: contexts,
        namespaces: namespacesOf(flags),
        scope,
      },
      missingAllowed: flags.allow?.includes("cluster-missing") ?? false,
      aliases: aliasesOf(flags, config),
    },
  };
}

function connectionOf(flags: UsageFlags): ClusterConnection {
  const given = {
    files: flags.kubeConfig?.split(delimiter).filter((file) => file !== ""),
    base64: flags.kubeConfigBase64,
    apiServer: flags.kubeApiServer,
    token: flags.kubeToken,
    tokenPath: flags.kubeTokenPath,
    caData: flags.kubeCaData,
  };
  const { files, base64, apiServer, token, tokenPath, caData } = given;
  return {
    ...(files === undefined ? {} : { files: files.map((file) => resolve(file)) }),
    ...(base64 === undefined ? {} : { base64 }),
    ...(apiServer === undefined ? {} : { apiServer }),
    ...(token === undefined ? {} : { token }),
    ...(tokenPath === undefined ? {} : { tokenPath: resolve(tokenPath) }),
    ...(caData === undefined ? {} : { caData }),
    ...(flags.skipTlsVerifyKube ? { skipTlsVerify: true } : {}),
  };
}

function contextOf({ kubeContext, scanContextOnly }: UsageFlags): string | undefined {
  if (
    kubeContext !== undefined &&
    scanContextOnly !== undefined &&
    kubeContext !== scanContextOnly
  ) {
    throw new UsageError("--scan-context-only is another name of --kube-context; give one of them");
  }
  return kubeContext ?? scanContextOnly;
}

function namespacesOf(flags: UsageFlags): ClusterRequest["namespaces"] {
  const named = flags.kubeScanNamespaces.flatMap((names) => names.split(",")).filter(Boolean);
  if (named.length > 0) return named;
  return flags.scanContextNamespaceOnly ? "of-context" : "all";
}

function aliasesOf({ dir }: { readonly dir: string }, { aliases }: UsageConfig): Alias[] {
  const parse = (address: string): Namespace =>
    parseNamespace(address, (path) => resolve(dir, path));
  return Object.entries(aliases).map(([of, at]) => ({ of: parse(of), at: at.map(parse) }));
}
