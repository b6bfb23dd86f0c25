import type { Dispatcher } from "undici";
import { HttpError } from "./client.ts";
import type { HttpRequest, HttpResponse } from "./client.ts";
import { redactUrl } from "./redact.ts";
import { transportError } from "./transport.ts";

type Headers = Readonly<Record<string, string | undefined>>;

/** Lower-case names, several values joined by `, `; `set-cookie` is left out: nobody here keeps cookies. */
export function readHeaders(raw: Dispatcher.ResponseData["headers"]): Headers {
  const entries = Object.entries(raw).filter(([name]) => name !== "set-cookie");
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

/**
 * An answer whose body was not read yet.
 *
 * @param again Sends the request once more, for a body that broke off; absent where that is not safe.
 */
export function createResponse(
  request: HttpRequest,
  data: Dispatcher.ResponseData,
  again: (() => Promise<Dispatcher.ResponseData>) | undefined,
): HttpResponse {
  const { method, url, signal } = request;
  const action = `${method} ${redactUrl(url)}`;
  const challenges = data.headers["www-authenticate"];

  return {
    status: data.statusCode,
    headers: readHeaders(data.headers),
    challenges: challenges === undefined ? [] : [challenges].flat(),
    url,
    bytes,
    stream,
    discard,
  };

  async function bytes(maxBytes: number): Promise<Uint8Array> {
    try {
      return await readAll(data, maxBytes);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof HttpError || again === undefined) throw transportError(action, error);
      return bytesOfAnother(again, maxBytes, error);
    }
  }

  /** The body of a second answer; the first failure counts when that one is another answer. */
  async function bytesOfAnother(
    send: () => Promise<Dispatcher.ResponseData>,
    maxBytes: number,
    first: unknown,
  ): Promise<Uint8Array> {
    const second = await send();
    if (second.statusCode !== data.statusCode) {
      await second.body.dump();
      throw transportError(action, first);
    }
    try {
      return await readAll(second, maxBytes);
    } catch (error) {
      signal?.throwIfAborted();
      throw transportError(action, error);
    }
  }

  function stream(): ReadableStream<Uint8Array> {
    const chunks: AsyncIterator<Uint8Array> = data.body[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(
            signal?.aborted === true ? signal.reason : transportError(action, error),
          );
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    });
  }

  async function discard(): Promise<void> {
    try {
      await data.body.dump({ limit: MAX_DISCARDED_BYTES });
    } catch {
      // Nobody wants this body; a connection that broke meanwhile is replaced by the pool.
      signal?.throwIfAborted();
    }
  }
}

/** Beyond this a new connection is cheaper than reading on. */
const MAX_DISCARDED_BYTES = 128 * 1024;

async function readAll(data: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(data.headers["content-length"] ?? 0);
  if (data.body.readableEnded) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of data.body) {
    const bytes: Uint8Array = chunk;
    length += bytes.byteLength;
    if (length > maxBytes || announced > maxBytes) {
      data.body.destroy();
      throw new HttpError(`the answer is longer than ${maxBytes} bytes`, { code: "BODY_TOO_LONG" });
    }
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}
