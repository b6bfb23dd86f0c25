import type { UploadContent } from "./upload-content.ts";
import type { Chunk, UploadRequests, UploadSession, UploadedBlob } from "./upload-session.ts";

/** One blob on its way up; what was reached is kept when a request fails. */
export interface Transfer {
  /** Goes on from where it is to the end. */
  advance(): Promise<void>;
  /** What it was doing last. */
  step(): Step;
  /** How many bytes the registry has taken, in the session that is open. */
  offset(): number;
  /** The next `advance` asks the registry where it is. */
  doubt(): void;
  /** The next `advance` begins a new session; the open one is given up. */
  restart(): Promise<void>;
}

export type Step = "start" | "ask" | "append" | "finish";

export interface TransferParts {
  readonly requests: UploadRequests;
  readonly blob: UploadedBlob;
  readonly content: UploadContent;
  /** All bytes of a small blob: its request is sent again by the door. */
  readonly held: Uint8Array | undefined;
  /** Bytes of one request, for a registry that names no more; `undefined`: the blob goes up in one. */
  readonly chunkBytes: () => number | undefined;
}

export function createTransfer(parts: TransferParts): Transfer {
  const { requests, blob, content, held } = parts;
  let session: UploadSession | undefined;
  let offset = 0;
  let isDoubtful = false;
  let step: Step = "start";

  return {
    async advance() {
      if (isDoubtful) await ask();
      const begun = session ?? (await start());
      const chunkBytes = chunkBytesOf(begun);
      if (chunkBytes === undefined || (offset === 0 && blob.size <= chunkBytes)) {
        await finish(begun, held ?? (await content.piece(0, blob.size)));
        return;
      }
      await finish(await append(begun, chunkBytes), new Uint8Array());
    },
    step: () => step,
    offset: () => offset,
    doubt: () => void (isDoubtful = session !== undefined),
    async restart() {
      const given = session;
      session = undefined;
      offset = 0;
      isDoubtful = false;
      if (given !== undefined) await requests.cancel(blob, given);
    },
  };

  function chunkBytesOf({ minChunkBytes }: UploadSession): number | undefined {
    const wanted = parts.chunkBytes();
    return wanted === undefined ? undefined : Math.max(wanted, minChunkBytes);
  }

  async function start(): Promise<UploadSession> {
    step = "start";
    session = await requests.start(blob);
    return session;
  }

  async function append(begun: UploadSession, chunkBytes: number): Promise<UploadSession> {
    let open = begun;
    while (offset < blob.size) {
      step = "append";
      const to = Math.min(offset + chunkBytes, blob.size);
      const body = await content.piece(offset, to);
      const status = await requests.append(blob, open, { from: offset, to, body });
      session = open = status.session;
      offset = status.offset;
    }
    return open;
  }

  async function finish(open: UploadSession, body: Chunk["body"]): Promise<void> {
    step = "finish";
    await requests.finish(blob, open, body);
  }

  /** A registry that has more than we sent mistakes this upload for another, and is not gone on with. */
  async function ask(): Promise<void> {
    step = "ask";
    const status = session === undefined ? undefined : await requests.status(blob, session);
    const isOurs = status !== undefined && status.offset <= content.reached();
    session = isOurs ? status.session : undefined;
    offset = isOurs ? status.offset : 0;
    isDoubtful = false;
  }
}
