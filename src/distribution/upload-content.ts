import { createHash } from "node:crypto";
import { splitDigest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { BlobSource } from "../registry/registry.ts";

/** The bytes of a blob on their way to a registry, piece by piece, looked at as they pass. */
export interface UploadContent {
  /**
   * The bytes from `from` to before `to`. Rejects, or the piece does, with what is wrong with the content, or with its
   * source's failure. The end of the blob is held back until all of it is known to be right, so that no registry ever has
   * the whole of a wrong one.
   *
   * The first bytes have been read when it resolves: no request waits for a source that cannot be opened.
   *
   * @param from At most `reached()`.
   */
  piece(from: number, to: number): Promise<AsyncIterable<Uint8Array>>;
  /** How far the content has been read. */
  reached(): number;
  /** Why a piece ended early: it was not what was announced, or its source failed. Told once. */
  takeFailure(): Error | undefined;
  /** Lets go of the source. */
  close(): void;
}

/** Bytes of a source from a place on, as far as they are read. */
interface Reader {
  readonly chunks: AsyncIterator<Uint8Array>;
  /** A piece is read from it, or was given up half-way. */
  isBusy: boolean;
  at: number;
  /** Read, and not handed out. */
  rest: Uint8Array;
}

/** @param invalid Makes the error out of what is wrong. */
export function createUploadContent(
  source: BlobSource,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  invalid: (why: string) => Error,
): UploadContent {
  const [algorithm, hex] = splitDigest(digest);
  const hash = createHash(algorithm);
  let hashed = 0;
  let reader: Reader | undefined;
  let failure: Error | undefined;

  return {
    async piece(from, to) {
      if (reader?.at !== from || reader.isBusy) {
        close();
        reader = open(from);
      }
      const pieces = read(reader, to);
      const first = await pieces.next();
      return first.done === true ? none() : startingWith(first.value, pieces);
    },
    reached: () => hashed,
    takeFailure() {
      const taken = failure;
      failure = undefined;
      return taken;
    },
    close,
  };

  function open(from: number): Reader {
    const chunks = source.open(from)[Symbol.asyncIterator]();
    return { chunks, isBusy: false, at: from, rest: new Uint8Array() };
  }

  function close(): void {
    // How a source takes that it is not needed any more changes nothing.
    reader?.chunks.return?.().catch(() => undefined);
    reader = undefined;
  }

  /** What is thrown into it at a `yield` comes from whoever reads, and is no failure of the content. */
  async function* read(from: Reader, to: number): AsyncGenerator<Uint8Array> {
    from.isBusy = true;
    while (from.at < to) yield await noting(() => next(from, to - from.at));
    if (size === 0) await noting(() => expectEnd(from));
    from.isBusy = false;
  }

  async function next(from: Reader, max: number): Promise<Uint8Array> {
    const chunk = await take(from, max);
    if (chunk === undefined) throw invalid(`the content is ${from.at} bytes long, not ${size}`);
    look(chunk, from.at);
    from.at += chunk.byteLength;
    if (from.at === size) await expectEnd(from);
    return chunk;
  }

  async function noting<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      failure = error instanceof Error ? error : invalid(String(error));
      throw failure;
    }
  }

  /** Up to `max` bytes; `undefined` at the end. */
  async function take(from: Reader, max: number): Promise<Uint8Array | undefined> {
    while (from.rest.byteLength === 0) {
      const { done, value } = await from.chunks.next();
      if (done === true) return undefined;
      from.rest = value;
    }
    const chunk = from.rest.subarray(0, max);
    from.rest = from.rest.subarray(chunk.byteLength);
    return chunk;
  }

  /** Bytes that are read again are those that were hashed before, or the registry finds out. */
  function look(chunk: Uint8Array, at: number): void {
    const end = at + chunk.byteLength;
    if (end <= hashed) return;
    hash.update(chunk.subarray(hashed - at));
    hashed = end;
  }

  async function expectEnd(from: Reader): Promise<void> {
    if ((await take(from, 1)) !== undefined) {
      throw invalid(`the content is longer than ${size} bytes`);
    }
    if (hash.copy().digest("hex") !== hex)
      throw invalid("the content does not hash to this digest");
  }
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function* none(): AsyncGenerator<Uint8Array> {}
