import type { Platform } from "../oci/descriptor.ts";

/** A platform as an index or a config tells it; Windows needs the version of the system as well. */
export interface FullPlatform extends Platform {
  /** `10.0.20348.2700` */
  readonly osVersion?: string;
}

/** Source: containerd, `platforms.go`, `specifierRe` and `osAndVersionRe`. */
const TEXT = /^([\w.-]+)(?:\(([\w.-]+)\))?\/([\w.-]+)(?:\/([\w.-]+))?$/;

/**
 * `os/architecture[/variant]` in the one spelling that stage digests are made of; the version of the system follows its
 * name where there is one: `windows(10.0.20348.2700)/amd64`. Source: containerd, `platforms.Normalize` and `FormatAll`.
 */
export function formatPlatform(platform: FullPlatform): string {
  const { os, architecture, variant, osVersion } = normalizePlatform(platform);
  const system = osVersion === undefined ? os : `${os}(${osVersion})`;
  return [system, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/** Reads what `formatPlatform` writes, and what people write: `linux/arm64/v8`. `undefined` for what is no platform. */
export function parsePlatform(text: string): FullPlatform | undefined {
  const [, os, osVersion, architecture, variant] = TEXT.exec(text.trim()) ?? [];
  if (os === undefined || architecture === undefined) return undefined;
  return normalizePlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
  });
}

/** One spelling for each platform. Source: containerd, `platforms/database.go`. */
export function normalizePlatform(platform: FullPlatform): FullPlatform {
  const os = platform.os.toLowerCase();
  const [architecture, variant] = normalizeArchitecture(
    platform.architecture.toLowerCase(),
    platform.variant?.toLowerCase() ?? "",
  );
  const { osVersion = "" } = platform;
  return {
    os: os === "macos" ? "darwin" : os,
    architecture,
    ...(variant === "" ? {} : { variant }),
    ...(osVersion === "" ? {} : { osVersion }),
  };
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): readonly [architecture: string, variant: string] {
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      return ["arm64", variant === "8" || variant === "v8" ? "" : variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      return ["arm", normalizeArm(variant)];
    default:
      return [architecture, variant];
  }
}

function normalizeArm(variant: string): string {
  if (variant === "") return "v7";
  return /^[5-8]$/.test(variant) ? `v${variant}` : variant;
}
