import { z } from "zod";
import { assemble, createFakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import type { FakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { answerJson } from "../../contract-tests/fakes/message.ts";
import type { FakeRequest, FakeResponse } from "../../contract-tests/fakes/message.ts";
import { ociConformant } from "../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../contract-tests/fakes/personality.ts";

/** What no personality has, as it was met in the wild. */
const Oddities = z.looseObject({
  /** A tag `sha256-HEX` that nobody pushed is answered with the manifest `sha256:HEX`. Source: oras-project/oras#2148. */
  answersSubject: z.boolean().default(false),
  /** Listed, and nothing is there. Source: oras-project/oras#1907. */
  ghostTags: z.array(z.string()).default([]),
  /** A deletion that was carried out is answered so. */
  deletionStatus: z.int().default(202),
  /** A deletion by tag is refused so, and nothing is done. */
  untaggingStatus: z.int().optional(),
});
type Oddities = z.infer<typeof Oddities>;

const OWN_FIELDS = Object.keys(Oddities.shape);

/** How a registry behaves: a conformant one, but for the fields that a scenario gives. */
export function personalityOf(server: Readonly<Record<string, unknown>>): Personality {
  const given = Object.entries(server).filter(([field]) => !OWN_FIELDS.includes(field));
  const unknown = given.filter(([field]) => !(field in ociConformant));
  if (unknown.length > 0) throw new Error(`no registry has ${unknown.join(" or ")}`);
  return { ...ociConformant, ...Object.fromEntries(given) };
}

/** A registry of this process that is as odd as a scenario says. */
export function createOddServer(server: Readonly<Record<string, unknown>>): FakeRegistry {
  const oddities = Oddities.parse(server);
  const registry = createFakeRegistry(personalityOf(server));
  return assemble({ ...registry, gate: registry }, async (request) => {
    const refusal = refuseUntagging(request, oddities);
    if (refusal !== undefined) return refusal;
    const response = await registry.handle(request);
    return inOwnWay(request, response, { registry, oddities });
  });
}

function refuseUntagging(
  { method, path }: FakeRequest,
  { untaggingStatus }: Oddities,
): FakeResponse | undefined {
  const isByTag = method === "DELETE" && /\/manifests\/[^:/]+$/.test(path);
  if (!isByTag || untaggingStatus === undefined) return undefined;
  return answerJson(untaggingStatus, { errors: [{ code: "UNSUPPORTED", message: "unsupported" }] });
}

async function inOwnWay(
  request: FakeRequest,
  response: FakeResponse,
  { registry, oddities }: { readonly registry: FakeRegistry; readonly oddities: Oddities },
): Promise<FakeResponse> {
  const { answersSubject, ghostTags, deletionStatus } = oddities;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const [, subject] = /\/manifests\/sha256-([0-9a-f]{64})$/.exec(request.path) ?? [];
  if (answersSubject && isRead && response.status === 404 && subject !== undefined) {
    const path = request.path.replace(`sha256-${subject}`, `sha256:${subject}`);
    return registry.handle({ ...request, path });
  }
  if (request.method === "DELETE" && response.status === 202) {
    return { ...response, status: deletionStatus };
  }
  if (ghostTags.length === 0 || response.status !== 200 || !request.path.endsWith("/tags/list")) {
    return response;
  }
  const list: { name: string; tags: string[] } = JSON.parse(Buffer.from(response.body).toString());
  return answerJson(200, { ...list, tags: [...ghostTags, ...list.tags] });
}
