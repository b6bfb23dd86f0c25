import { HttpError } from "./client.ts";
import type { HttpRequest, HttpResponse } from "./client.ts";
import { redactUrl } from "./redact.ts";
import { transportError } from "./transport.ts";
import type { RawAnswer } from "./transport.ts";

/**
 * An answer whose body was not read yet.
 *
 * @param again Sends the request once more after its body broke off so many times; `undefined` to give up.
 */
export function createResponse(
  request: HttpRequest,
  answer: RawAnswer,
  again: (failures: number) => Promise<RawAnswer | undefined>,
): HttpResponse {
  const { method, url, signal } = request;
  const action = (): string => `${method} ${redactUrl(url)}`;

  return {
    status: answer.status,
    headers: answer.headers,
    challenges: answer.challenges,
    url,
    bytes,
    stream,
    discard,
  };

  /** Of this answer, or of another one of the same status when the body of this one breaks off. */
  async function bytes(maxBytes: number): Promise<Uint8Array> {
    let current = answer;
    for (let failures = 1; ; failures += 1) {
      try {
        return await readAll(current, maxBytes);
      } catch (error) {
        signal?.throwIfAborted();
        const next = error instanceof HttpError ? undefined : await again(failures);
        if (next === undefined) throw transportError(action(), error);
        if (next.status !== answer.status) {
          next.body.destroy();
          throw transportError(action(), error);
        }
        current = next;
      }
    }
  }

  function stream(): ReadableStream<Uint8Array> {
    const chunks: AsyncIterator<Uint8Array> = answer.body[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(
            signal?.aborted === true ? signal.reason : transportError(action(), error),
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
      await answer.body.dump({ limit: MAX_DISCARDED_BYTES });
    } catch {
      // Nobody wants this body; a connection that broke meanwhile is replaced by the pool.
      signal?.throwIfAborted();
    }
  }
}

/** Beyond this a new connection is cheaper than reading on. */
const MAX_DISCARDED_BYTES = 128 * 1024;

async function readAll({ headers, body }: RawAnswer, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(headers["content-length"] ?? 0);
  if (body.readableEnded) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes: Uint8Array = chunk;
    length += bytes.byteLength;
    if (length > maxBytes || announced > maxBytes) {
      body.destroy();
      throw new HttpError(`the answer is longer than ${maxBytes} bytes`, { code: "BODY_TOO_LONG" });
    }
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}
