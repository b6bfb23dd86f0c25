import type { Ask, Greeting } from "../../src/registry/adapter.ts";

/** Nexus runs on hosts of its owners; no name proves it. */
export function detectNexus(_host: string): boolean {
  return false;
}

const BASIC_REALM = /^basic\s+realm="sonatype nexus repository manager"/i;

/** Its token service names itself as the service too. */
const TOKEN_REALM = /^bearer\s+realm="([^"]+\/v2\/token)"\s*,\s*service="([^"]+)"/i;

/** Source: observed answers of 3.71 and 3.96; a proxy may replace the `Server` header. */
export function recogniseNexus({ headers, challenges }: Greeting): "sure" | undefined {
  const isOwn =
    headers["server"]?.startsWith("Nexus/3") === true ||
    challenges.some((challenge) => {
      const [, realm, service] = TOKEN_REALM.exec(challenge) ?? [];
      return BASIC_REALM.test(challenge) || (realm !== undefined && realm === service);
    });
  return isOwn ? "sure" : undefined;
}

/** The status page answers anybody; the API's description names the product. */
export async function probeNexus(ask: Ask): Promise<boolean> {
  const status = await ask("/service/rest/v1/status");
  if (status?.status !== 200) return false;
  if (status.headers["server"]?.startsWith("Nexus/3") === true) return true;
  const description = await ask("/service/rest/swagger.json");
  return description?.status === 200 && /"Nexus Repository/.test(description.text);
}
