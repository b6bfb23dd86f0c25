import { createHash } from "node:crypto";
import { splitDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** The stream as it is, erring at its end when its bytes do not hash to `digest`. */
export function verifiedStream(
  source: ReadableStream<Uint8Array>,
  digest: Digest,
  errors: { readonly mismatch: () => Error; readonly broken: (error: unknown) => unknown },
): ReadableStream<Uint8Array> {
  const [algorithm, hex] = splitDigest(digest);
  const hash = createHash(algorithm);
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          if (hash.digest("hex") === hex) controller.close();
          else controller.error(errors.mismatch());
          return;
        }
        hash.update(value);
        controller.enqueue(value);
      } catch (error) {
        controller.error(errors.broken(error));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Content on its way to a registry. */
export interface VerifiedContent extends AsyncIterable<Uint8Array> {
  /** Why the content ended early: it was not what was announced, or its source failed. */
  failure(): Error | undefined;
}

/**
 * The content as it is, thrown off before its end when it is not exactly `size` bytes that hash to `digest`.
 *
 * The last piece is held back until the digest is known, so that a registry never has the whole of a wrong blob.
 * Can be read once.
 *
 * @param invalid Makes the error out of what is wrong.
 */
export function verifiedContent(
  content: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  invalid: (why: string) => Error,
): VerifiedContent {
  let failure: Error | undefined;
  return {
    failure: () => failure,
    async *[Symbol.asyncIterator]() {
      try {
        yield* verify();
      } catch (error) {
        failure = error instanceof Error ? error : invalid(String(error));
        throw failure;
      }
    },
  };

  async function* verify(): AsyncGenerator<Uint8Array> {
    const [algorithm, hex] = splitDigest(digest);
    const hash = createHash(algorithm);
    let length = 0;
    let held: Uint8Array | undefined;
    for await (const chunk of content) {
      if (chunk.byteLength === 0) continue;
      if (held !== undefined) yield held;
      length += chunk.byteLength;
      if (length > size) throw invalid(`the content is longer than ${size} bytes`);
      hash.update(chunk);
      held = chunk;
    }
    if (length < size) throw invalid(`the content is ${length} bytes long, not ${size}`);
    if (hash.digest("hex") !== hex) throw invalid("the content does not hash to this digest");
    if (held !== undefined) yield held;
  }
}
