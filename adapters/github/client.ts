import { createNativeApi } from "../../src/distribution/native-api.ts";
import type { NativeAnswer, NativeApi, NativeCall } from "../../src/distribution/native-api.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Access } from "./access.ts";
import type { Address } from "./address.ts";
import { classifyRefusal, throttleOf } from "./errors.ts";
import { createPacer } from "./pacer.ts";

/** The REST API of one server, below its limits. */
export interface GithubClient {
  /** As `NativeApi.call`; the target is a path below the API's address, or absolute. */
  call(call: GithubCall): Promise<NativeAnswer>;
  readonly refusal: NativeApi["refusal"];
  readonly protocolError: NativeApi["protocolError"];
}

export interface GithubCall extends Omit<NativeCall, "headers" | "target"> {
  readonly target: string;
  /** The repository that credentials are looked up for. */
  readonly repositoryName: string;
}

/** Source: GitHub Docs, "API versions". GitHub Enterprise Server knows it from 3.9 on, and older ones ignore it. */
const HEADERS = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
};

/** How often a request is sent that a limit refused in spite of the pacer. */
const MAX_TRIES = 5;
const LEAST_PAUSE_MS = 60_000;

export function createClient(
  context: AdapterContext,
  { api }: Address,
  access: Access,
): GithubClient {
  const pacer = createPacer(context);
  const clients = new Map<string, NativeApi>();

  return {
    call,
    refusal: (call, answer) => clientFor("").refusal(call, answer),
    protocolError: (call, why, details) => clientFor("").protocolError(call, why, details),
  };

  async function call({ repositoryName, target, ...rest }: GithubCall): Promise<NativeAnswer> {
    const { accept = [200], signal } = rest;
    const sent: NativeCall = {
      ...rest,
      target: target.startsWith("/") ? `${api}${target}` : target,
      headers: HEADERS,
      accept: [...accept, 403, 429],
    };
    const client = clientFor(repositoryName);
    for (let tries = 1; ; tries += 1) {
      const answer = await sendInTurn(client, sent, signal);
      const throttle = throttleOf(answer);
      if (throttle === undefined && accept.includes(answer.status)) return answer;
      const mayWait = throttle === "hour" || throttle === "secondary";
      if (!mayWait || tries >= MAX_TRIES) throw client.refusal(sent, answer);
      if (throttle === "secondary") pacer.pause(LEAST_PAUSE_MS * 2 ** (tries - 1));
    }
  }

  async function sendInTurn(
    client: NativeApi,
    call: NativeCall,
    signal: AbortSignal | undefined,
  ): Promise<NativeAnswer> {
    const isRead = call.method === "GET" || call.isQuery === true;
    const turn = await pacer.enter(isRead ? "read" : "write", signal);
    try {
      const answer = await client.call(call);
      turn.end(answer.headers);
      return answer;
    } finally {
      turn.end();
    }
  }

  /** Credentials are looked up by repository. */
  function clientFor(repositoryName: string): NativeApi {
    const known = clients.get(repositoryName);
    if (known !== undefined) return known;
    let token: string | undefined;
    const made = createNativeApi({
      host: context.host,
      send: (target, request) => context.http.send({ ...request, url: new URL(target) }),
      async authorize({ again }) {
        if (again) {
          if (token === undefined || !(await access.refused(repositoryName, token)))
            return undefined;
        }
        token = await access.token(repositoryName);
        return token === undefined ? {} : { authorization: `Bearer ${token}` };
      },
      secrets: access.secrets,
      classify: classifyRefusal,
    });
    clients.set(repositoryName, made);
    return made;
  }
}
