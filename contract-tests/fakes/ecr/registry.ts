import { randomBytes } from "node:crypto";
import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { assemble, createFakeRegistry } from "../distribution.ts";
import type { FakeRegistry } from "../distribution.ts";
import { answer, answerJson, originOf, problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import { routeOf } from "../names.ts";
import { ociConformant } from "../personality.ts";
import type { Personality } from "../personality.ts";
import { createState } from "../state.ts";
import { MAX_PAGE, createActions } from "./actions.ts";
import type { Exchange } from "./actions.ts";
import { AwsError } from "./errors.ts";
import { signerOf } from "./signature.ts";
import { AWS_USER } from "./users.ts";
import type { AwsUser } from "./users.ts";

export interface FakeEcrOptions {
  /** `public`: ECR Public, with its API, its token service and its anonymous readers. */
  readonly kind?: "private" | "public";
  readonly now?: () => number;
  /** Most images of a page. Default: 1000. */
  readonly pageSize?: number;
  readonly account?: string;
  readonly region?: string;
  /** First path component of addresses in ECR Public. */
  readonly alias?: string;
  readonly users?: readonly AwsUser[];
  /** Default: twelve hours. */
  readonly tokenLifetimeMs?: number;
  /** Every repository's tags. Default: no. */
  readonly immutableTags?: boolean;
  /** Whether blobs of other repositories can be mounted: a setting of the account. Default: yes. */
  readonly blobMounting?: boolean;
  /** Calls of one action that are let through between two refusals; default: all. */
  readonly throttle?: (action: string, index: number) => boolean;
  /** Sees every call of the API and its answer. */
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface FakeEcr extends FakeRegistry {
  readonly account: string;
  readonly region: string;
  readonly alias: string;
  /** A token that docker's configuration may hold. */
  issueToken(lifetimeMs?: number): string;
  /** Puts an image into the archival storage class: it is described when it is asked for, and read no more. */
  archive(digest: Digest): void;
  /** Calls of the API by action. */
  actions(): Readonly<Record<string, number>>;
}

const TWELVE_HOURS_MS = 12 * 3_600_000;

/** What differs from the specification over `/v2/`. Sources: `docs` of each in `adapters/ecr/README.md`. */
const ECR: Personality = {
  ...ociConformant,
  name: "ECR",
  tagDeletion: "405",
  manifestDeletion: "405",
  blobDeletion: "405",
  requireBlobs: true,
  indexChildRefusal: true,
  monolithicPost: false,
  automaticMount: false,
  locationStyle: "absolute",
  referrersPageSize: 50,
};

/** Amazon ECR: the API of AWS, and `/v2/` with the API's tokens. */
export function createFakeEcr(options: FakeEcrOptions = {}): FakeEcr {
  const { kind = "private", now = Date.now, account = "123456789012" } = options;
  const { region = kind === "public" ? "us-east-1" : "eu-central-1", alias = "tidemark" } = options;
  const { users = [AWS_USER], throttle = () => false, tokenLifetimeMs = TWELVE_HOURS_MS } = options;
  const state = createState();
  const content = createFakeRegistry({
    ...ECR,
    state,
    now,
    ...(options.pageSize === undefined ? {} : { maxPage: options.pageSize }),
  });
  const tokens = new Map<string, { readonly user: AwsUser; readonly expiresAt: number }>();
  const anonymous = new Set<string>();
  const archived = new Set<Digest>();
  const counts: Record<string, number> = {};
  const actions = createActions({
    kind,
    state,
    account,
    region,
    now,
    alias,
    pageSize: options.pageSize ?? MAX_PAGE,
    archived,
    immutableTags: options.immutableTags ?? false,
    issueToken: (user) => issue(user, tokenLifetimeMs),
  });
  const service = kind === "public" ? "ecr-public" : "ecr";
  const prefix =
    kind === "public" ? "SpencerFrontendService" : "AmazonEC2ContainerRegistry_V20150921";
  let calls = 0;

  const parts = { state, personality: ECR, gate: { revokeTokens: () => tokens.clear() } };
  const registry = assemble(parts, async (request) =>
    request.headers["x-amz-target"] === undefined ? serveContent(request) : serveApi(request),
  );
  return {
    ...registry,
    account,
    region,
    alias,
    issueToken: (lifetimeMs = tokenLifetimeMs) => {
      const [user = AWS_USER] = users;
      return issue(user, lifetimeMs).token;
    },
    archive: (digest) => void archived.add(digest),
    actions: () => ({ ...counts }),
  };

  function issue(user: AwsUser, lifetimeMs: number): { token: string; expiresAt: number } {
    const token = randomBytes(48).toString("base64");
    const expiresAt = now() + lifetimeMs;
    tokens.set(token, { user, expiresAt });
    return { token, expiresAt };
  }

  function serveApi(request: FakeRequest): FakeResponse {
    const target = request.headers["x-amz-target"] ?? "";
    const action = target.slice(prefix.length + 1);
    counts[action] = (counts[action] ?? 0) + 1;
    let input: unknown;
    try {
      const isJson = request.headers["content-type"] === "application/x-amz-json-1.1";
      if (request.method !== "POST" || request.path !== "/" || !isJson) {
        throw new AwsError("UnknownOperationException", "");
      }
      const signer = signerOf(request, { users, region, service });
      if ("type" in signer) throw new AwsError(signer.type, signer.message);
      if (!target.startsWith(`${prefix}.`)) throw new AwsError("UnknownOperationException", "");
      if (throttle(action, calls++)) throw new AwsError("ThrottlingException", "Rate exceeded");
      if (signer.denied?.includes(action) === true) throw denied(signer, action);
      input = JSON.parse(new TextDecoder().decode(request.body));
      const output = actions(action, input, signer);
      options.onExchange?.({ action, input, output });
      return amzJson(200, output);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      options.onExchange?.({ action, input, error: error.type });
      return amzJson(error.status, { __type: error.type, message: error.message, ...error.more });
    }
  }

  function denied({ accessKeyId }: AwsUser, action: string): AwsError {
    return new AwsError("AccessDeniedException", refusalOf(accessKeyId, action));
  }

  function refusalOf(accessKeyId: string, action: string): string {
    return (
      `User: arn:aws:iam::${account}:user/${accessKeyId} is not authorized to perform: ${service}:${action} ` +
      `because no identity-based policy allows the ${service}:${action} action`
    );
  }

  async function serveContent(request: FakeRequest): Promise<FakeResponse> {
    if (kind === "public" && request.path === "/token/") return issueBearer(request);
    const route = routeOf(request.path);
    if (route === undefined) return content.handle(request);
    const refusal = gate(request);
    if (refusal !== undefined) return refusal;
    if (Number(request.query.get("n") ?? 0) > 1000) {
      const message =
        "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 1000'";
      return problem(405, { code: "UNSUPPORTED", message });
    }
    const name = "name" in route ? route.name : undefined;
    if (name !== undefined && !state.repositories.has(name)) {
      const message = `The repository with name '${name}' does not exist in the registry with id '${account}'`;
      return problem(404, { code: "NAME_UNKNOWN", message });
    }
    return (
      immutableRefusal(request) ??
      archivedRefusal(request) ??
      content.handle(options.blobMounting === false ? withoutMount(request) : request)
    );
  }

  function gate(request: FakeRequest): FakeResponse | undefined {
    const header = request.headers["authorization"] ?? "";
    if (kind === "public") {
      const bearer = /^Bearer (.+)$/.exec(header)?.[1];
      if (bearer !== undefined && anonymous.has(bearer) && isRead(request)) return undefined;
      const known = tokens.get(bearer ?? "");
      return known === undefined ? challenge(request) : checkToken(request, known);
    }
    const encoded = /^Basic (.+)$/.exec(header)?.[1];
    const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
    const known = text.startsWith("AWS:") ? tokens.get(text.slice("AWS:".length)) : undefined;
    return known === undefined ? challenge(request) : checkToken(request, known);
  }

  function checkToken(
    request: FakeRequest,
    { user, expiresAt }: { readonly user: AwsUser; readonly expiresAt: number },
  ): FakeResponse | undefined {
    if (expiresAt <= now()) {
      const message = "Your authorization token has expired. Reauthenticate and try again.";
      return problem(403, { code: "DENIED", message });
    }
    const action = actionOf(request);
    if (user.denied?.includes(action) !== true) return undefined;
    return problem(403, { code: "DENIED", message: refusalOf(user.accessKeyId, action) });
  }

  function challenge(request: FakeRequest): FakeResponse {
    const origin = originOf(request);
    const value =
      kind === "public"
        ? `Bearer realm="${origin}/token/",service="public.ecr.aws",scope="aws"`
        : `Basic realm="${origin}/",service="ecr.amazonaws.com"`;
    const body = new TextEncoder().encode("Not Authorized\n");
    return answer(401, { "www-authenticate": value, "content-type": "text/plain" }, body);
  }

  /** Anybody gets a token; who shows the API's password gets one with its rights. */
  function issueBearer({ headers }: FakeRequest): FakeResponse {
    const encoded = /^Basic (.+)$/.exec(headers["authorization"] ?? "")?.[1];
    const bearer = randomBytes(48).toString("base64url");
    if (encoded === undefined) {
      anonymous.add(bearer);
      return answerJson(200, { token: bearer });
    }
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const known = tokens.get(text.slice("AWS:".length));
    if (known === undefined) return problem(403, "DENIED");
    tokens.set(bearer, known);
    return answerJson(200, { token: bearer });
  }

  /** "Requests to pull the archived image will fail with a 404 error." Source: ECR user guide, "Archiving an image". */
  function archivedRefusal({ method, path }: FakeRequest): FakeResponse | undefined {
    const route = routeOf(path);
    if (route?.kind !== "manifest" || !isRead({ method })) return undefined;
    const { name, reference } = route;
    const digest = state.repositories.get(name)?.tags.get(reference) ?? reference;
    if (!isDigest(digest) || !archived.has(digest)) return undefined;
    return problem(404, { code: "MANIFEST_UNKNOWN", message: "Requested image not found" });
  }

  function immutableRefusal({ method, path, body }: FakeRequest): FakeResponse | undefined {
    const route = routeOf(path);
    if (options.immutableTags !== true || method !== "PUT" || route?.kind !== "manifest") return;
    const known = state.repositories.get(route.name)?.tags.has(route.reference) === true;
    if (!known || body.length === 0) return undefined;
    const message = `The image tag '${route.reference}' already exists in the '${route.name}' repository and cannot be overwritten because the tag is immutable.`;
    return problem(400, { code: "TAG_INVALID", message });
  }
}

/** "Otherwise the mount is ignored": an upload session is opened. */
function withoutMount(request: FakeRequest): FakeRequest {
  const query = new URLSearchParams(request.query);
  for (const name of ["mount", "from"]) query.delete(name);
  return { ...request, query };
}

function isRead({ method }: Pick<FakeRequest, "method">): boolean {
  return method === "GET" || method === "HEAD";
}

/** The action of a policy that a request over `/v2/` stands for. */
function actionOf(request: FakeRequest): string {
  const route = routeOf(request.path);
  const reads = isRead(request);
  switch (route?.kind) {
    case "tags":
      return "ListImages";
    case "manifest":
      if (request.method === "DELETE") return "BatchDeleteImage";
      return reads ? "BatchGetImage" : "PutImage";
    case "blob":
      return "GetDownloadUrlForLayer";
    case "uploads":
    case "upload":
      return "InitiateLayerUpload";
    default:
      return "ListImageReferrers";
  }
}

function amzJson(status: number, value: unknown): FakeResponse {
  const id = randomBytes(16).toString("hex");
  return answerJson(status, value, {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": id,
  });
}
