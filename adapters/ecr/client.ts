import { isNeverSent, retryDelay, DEFAULT_RETRY_POLICY } from "../../src/http/retry.ts";
import { HttpError } from "../../src/http/client.ts";
import type { Purpose } from "../../src/distribution/error-response.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import { openChain } from "./credentials.ts";
import type { AwsIdentity, AwsIdentitySource } from "./credentials.ts";
import { callError } from "./errors.ts";
import type { Operations, OperationsSettings, SendOptions } from "./operations.ts";
import { UnreadableAnswer, createJsonHandler } from "./request-handler.ts";
import type { Settings } from "./settings.ts";

/** Calls of the API: signed, retried within reason, with failures as `RegistryError`. */
export interface EcrClient {
  call<Answer>(
    what: CallPurpose,
    send: (operations: Operations, options: SendOptions) => Promise<Answer>,
  ): Promise<Answer>;
  /** Of an answer that makes no sense, and of one item of a batch. */
  purpose(what: CallPurpose): Purpose;
  /** Takes this out of every message from now on. */
  keepSecret(text: string): void;
}

export interface CallPurpose {
  /** `cannot ${verb} ${reference}` must read as a sentence. */
  readonly verb: string;
  readonly reference: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends nothing and loads no SDK by itself. */
export function createEcrClient(
  context: AdapterContext,
  { registry, apiUrl }: Settings,
): EcrClient {
  const { host, http, now, sleep } = context;
  const secrets = new Set<string>();
  let opened: Promise<Operations> | undefined;
  /** Milliseconds since the epoch: nothing is sent before. */
  let readyAt = 0;

  return { call, purpose, keepSecret: (text) => void secrets.add(text) };

  async function call<Answer>(
    what: CallPurpose,
    send: (operations: Operations, options: SendOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const { signal } = what;
    const options = signal === undefined ? {} : { abortSignal: signal };
    let waitedMs = 0;
    for (let number = 1, renewals = 0; ; number += 1) {
      signal?.throwIfAborted();
      const pauseMs = readyAt - now().getTime();
      if (pauseMs > 0) await sleep(pauseMs, signal);
      opened ??= open();
      const used = opened;
      try {
        return await send(await used, options);
      } catch (error) {
        signal?.throwIfAborted();
        const failure = callError(purpose(what), error);
        if (isWorthRenewing(error) && renewals === 0) {
          renewals += 1;
          if (opened === used) opened = undefined;
          continue;
        }
        const status = retryStatus(error, failure);
        const attempt = {
          number,
          waitedMs,
          endedAt: now(),
          method: "GET",
          repeatable: true,
        } as const;
        const delayMs =
          status === undefined
            ? undefined
            : retryDelay(
                { ...attempt, outcome: { kind: "answer", status, headers: {} } },
                DEFAULT_RETRY_POLICY,
                Math.random(),
              );
        if (delayMs === undefined) throw failure;
        waitedMs += delayMs;
        if (status === 429) readyAt = Math.max(readyAt, now().getTime() + delayMs);
        else await sleep(delayMs, signal);
      }
    }
  }

  async function open(): Promise<Operations> {
    const settings: OperationsSettings = {
      region: registry.region,
      ...(apiUrl === undefined ? {} : { endpoint: apiUrl.href }),
      isFips: registry.kind === "private" && registry.isFips,
      isDualStack: registry.kind === "private" && registry.isDualStack,
      credentials: remembering(openChain(context, registry.region)),
      requestHandler: createJsonHandler(http, `aws-ecr ${registry.region}`),
    };
    if (registry.kind === "private") {
      const { openPrivateOperations } = await import("./private-operations.ts");
      return openPrivateOperations(settings);
    }
    const { openPublicOperations } = await import("./public-operations.ts");
    return openPublicOperations(settings);
  }

  function remembering(source: AwsIdentitySource): AwsIdentitySource {
    return async (): Promise<AwsIdentity> => {
      const identity = await source();
      secrets.add(identity.secretAccessKey);
      if (identity.sessionToken !== undefined) secrets.add(identity.sessionToken);
      return identity;
    };
  }

  function purpose({ verb, reference }: CallPurpose): Purpose {
    return { host, verb, reference, scrub };
  }

  function scrub(text: string): string {
    let clean = text;
    for (const secret of secrets) {
      clean = clean.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
    }
    return clean;
  }
}

/** Credentials that ran out in the middle, or a clock that the answer set right: another signature may do. */
function isWorthRenewing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (EXPIRED.has(error.name)) return true;
  if (!("$metadata" in error)) return false;
  const metadata = error.$metadata;
  return (
    typeof metadata === "object" &&
    metadata !== null &&
    "clockSkewCorrected" in metadata &&
    metadata.clockSkewCorrected === true
  );
}

const EXPIRED: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
  "UnrecognizedClientException",
]);

/**
 * The status whose retries a failed call gets, `undefined` for none. Every action we send may be sent twice. The door has
 * been patient with 429 and with hosts that cannot be reached; with a POST that failed otherwise it has not.
 */
function retryStatus(error: unknown, failure: unknown): 429 | 503 | undefined {
  if (error instanceof HttpError) {
    return isNeverSent(error.code) || error.code === "BODY_TOO_LONG" ? undefined : 503;
  }
  if (error instanceof UnreadableAnswer) return error.status >= 500 ? 503 : undefined;
  if (isRegistryError(failure, "rate-limited")) return failure.status === 429 ? undefined : 429;
  return isRegistryError(failure, "unavailable") ? 503 : undefined;
}
