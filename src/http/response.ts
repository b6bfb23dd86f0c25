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
 * @param again Sends the request once more after its body broke off so many times; `undefined` to give up.
 */
export function createResponse(
  request: HttpRequest,
  data: Dispatcher.ResponseData,
  again: (failures: number) => Promise<Dispatcher.ResponseData | undefined>,
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

  /** Of this answer, or of another one of the same status when the body of this one breaks off. */
  async function bytes(maxBytes: number): Promise<Uint8Array> {
    let current = data;
    for (let failures = 1; ; failures += 1) {
      try {
        return await readAll(current, maxBytes);
      } catch (error) {
        signal?.throwIfAborted();
        const next = error instanceof HttpError ? undefined : await again(failures);
        if (next === undefined) throw transportError(action, error);
        if (next.statusCode !== data.statusCode) {
          next.body.destroy();
          throw transportError(action, error);
        }
        current = next;
      }
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
