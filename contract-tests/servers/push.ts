import { Agent, request } from "undici";
import type { Dispatcher } from "undici";
import { descriptorOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";
import { answerChallenge } from "./login.ts";
import type { Server } from "./server.ts";

/** Pushes content into a real server, by a client that shares nothing with the code under test. */
export interface Pusher extends AsyncDisposable {
  push(name: string, content: SeedContent, tags: readonly string[]): Promise<void>;
}

interface Call {
  readonly method: Dispatcher.HttpMethod;
  /** Below the host, or absolute. */
  readonly target: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

export function openPusher({ url, caPem, credentials }: Server): Pusher {
  const dispatcher = new Agent(caPem === undefined ? {} : { connect: { ca: caPem } });
  const headers = new Map<string, string>();

  return {
    async push(name, content, tags) {
      await pushContent(name, content);
      for (const tag of tags) await putManifest(name, tag, content);
      if (tags.length === 0) await putManifest(name, content.digest, content);
    },
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };

  async function pushContent(name: string, { blobs, children }: SeedContent): Promise<void> {
    for (const child of children) {
      await pushContent(name, child);
      await putManifest(name, child.digest, child);
    }
    for (const { digest, bytes } of blobs) {
      const opened = await send(name, { method: "POST", target: `/v2/${name}/blobs/uploads/` });
      const location = new URL(opened.location ?? "", url);
      location.searchParams.set("digest", digest);
      await send(name, {
        method: "PUT",
        target: location.href,
        contentType: "application/octet-stream",
        body: bytes,
      });
    }
  }

  async function putManifest(name: string, key: string, content: SeedContent): Promise<void> {
    const { mediaType } = descriptorOf(content);
    await send(name, {
      method: "PUT",
      target: `/v2/${name}/manifests/${key}`,
      contentType: mediaType,
      body: content.bytes,
    });
  }

  async function send(name: string, call: Call): Promise<{ readonly location?: string }> {
    const first = await sendOnce(name, call);
    if (first.status !== 401) return accepted(call, first);
    headers.set(name, await answerChallenge(first.challenge, { credentials, dispatcher }));
    return accepted(call, await sendOnce(name, call));
  }

  async function sendOnce(name: string, call: Call): Promise<Answer> {
    const authorization = headers.get(name);
    const answer = await request(new URL(call.target, url), {
      method: call.method,
      dispatcher,
      body: call.body ?? null,
      headers: {
        ...(call.contentType === undefined ? {} : { "content-type": call.contentType }),
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
    const text = await answer.body.text();
    const location = String(answer.headers["location"] ?? "");
    const challenge = String(answer.headers["www-authenticate"] ?? "");
    return { status: answer.statusCode, text, location, challenge };
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string;
  readonly challenge: string;
}

function accepted({ method, target }: Call, { status, text, location }: Answer): Answer {
  if (status >= 200 && status < 300) return { status, text, location, challenge: "" };
  throw new Error(`${method} ${target} answered ${status}: ${text.slice(0, 300)}`);
}
