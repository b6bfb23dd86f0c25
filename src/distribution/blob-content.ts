import { createHash } from "node:crypto";
import { splitDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";

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

/**
 * The stream without its first bytes.
 *
 * @param skip How many.
 */
export function restOf(
  source: ReadableStream<Uint8Array>,
  skip: number,
  broken: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let left = skip;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const rest = value.subarray(left);
          left -= value.byteLength - rest.byteLength;
          if (rest.byteLength > 0) return controller.enqueue(rest);
        }
      } catch (error) {
        controller.error(broken(error));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
