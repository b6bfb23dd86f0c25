import type { Ask, Greeting } from "../../src/registry/adapter.ts";

export function detectQuay(host: string): boolean {
  return /^quay\.io(?::443)?$/.test(host);
}

/** Quay names itself as the service, and `/v2/auth` beside the registry as the realm. */
export function recogniseQuay({ challenges }: Greeting, host: string): "maybe" | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const isQuay = challenges.some((challenge) => {
    if (!/^\s*bearer\s/i.test(challenge)) return false;
    const realm = parameter(challenge, "realm");
    const service = parameter(challenge, "service");
    if (realm === undefined || !URL.canParse(realm)) return false;
    const url = new URL(realm);
    return url.pathname === "/v2/auth" && (url.hostname === name || url.host === service);
  });
  return isQuay ? "maybe" : undefined;
}

/** Source: quay/quay `endpoints/wellknown.py`: the name is `io.quay` unless an owner chose another below it. */
export async function probeQuay(ask: Ask): Promise<boolean> {
  const page = await ask("/.well-known/app-capabilities");
  if (page?.status !== 200) return false;
  try {
    const json: unknown = JSON.parse(page.text);
    if (typeof json !== "object" || json === null || !("appName" in json)) return false;
    return typeof json.appName === "string" && /^io\.quay(?:\.|$)/.test(json.appName);
  } catch {
    return false; // A page of someone else's.
  }
}

function parameter(challenge: string, name: string): string | undefined {
  return new RegExp(`(?:^|[\\s,])${name}="([^"]*)"`, "i").exec(challenge)?.[1];
}
