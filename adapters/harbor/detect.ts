import type { Ask, Greeting } from "../../src/registry/adapter.ts";

/** The public demonstration server; every other Harbor stands under a name of its owner. */
export function detectHarbor(host: string): boolean {
  return /^demo\.goharbor\.io(?::443)?$/.test(host);
}

/** Source: goharbor/harbor `src/server/middleware/v2auth`: no other registry names this service. */
export function recogniseHarbor({ challenges }: Greeting): "sure" | undefined {
  const isHarbor = challenges.some(
    (challenge) =>
      /^\s*bearer\s/i.test(challenge) && /(?:^|[\s,])service="harbor-registry"/i.test(challenge),
  );
  return isHarbor ? "sure" : undefined;
}

/** `Pong`, as text or as a JSON string. */
export async function probeHarbor(ask: Ask): Promise<boolean> {
  const page = await ask("/api/v2.0/ping");
  return page?.status === 200 && /^\s*"?Pong"?\s*$/.test(page.text);
}
