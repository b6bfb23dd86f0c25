import type { Clone } from "./clone.ts";
import {
  createCommitGraphBuilder,
  type CommitGraph,
  type CommitGraphBuilder,
} from "./commit-graph.ts";
import { GitError } from "./error.ts";
import { readId, wordsPerId } from "./object-id.ts";
import { readSeconds } from "./seconds.ts";
import { streamGit } from "./stream.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;

/**
 * Walks the history behind `tips`, commit ids in hex, in one process. Never a shorter history than there is:
 * where a commit is missing or damaged it is `GitError("failed")`.
 */
export async function readCommitGraph(clone: Clone, tips: readonly string[]): Promise<CommitGraph> {
  const words = wordsPerId(clone.objectFormat);
  const builder = createCommitGraphBuilder(words);
  if (tips.length > 0) {
    const parser = createWalkParser(builder, words);
    await streamGit(clone, {
      args: ["rev-list", "--parents", "--timestamp", "--topo-order", "--stdin"],
      input: tips.map((tip) => `${tip}\n`).join(""),
      onChunk: (chunk) => parser.push(chunk),
    });
    parser.end();
  }
  const graph = builder.build();
  const lost = tips.find((tip) => graph.indexOf(tip) === -1);
  if (lost !== undefined)
    throw new GitError("failed", `git does not list commit ${lost} of a reference`);
  return graph;
}

export interface WalkParser {
  push(chunk: Buffer): void;
  /** `GitError("failed")` when the last line is not complete. */
  end(): void;
}

/** Reads lines of `SECONDS ID PARENT PARENT …`, cut into chunks anywhere. */
export function createWalkParser(builder: CommitGraphBuilder, words: number): WalkParser {
  const id = new Uint32Array(words);
  const digits = words * 8;
  let rest: Buffer = Buffer.alloc(0);

  const parseLine = (bytes: Buffer, start: number, end: number): void => {
    const first = bytes.indexOf(SPACE, start) + 1;
    const isWhole = first > 0 && first < end && (end - first + 1) % (digits + 1) === 0;
    if (!isWhole) throw unreadable(bytes, start, end);
    for (let at = first; at < end; at += digits + 1) {
      const isSeparated = at === first || bytes[at - 1] === SPACE;
      if (!isSeparated || !readId(bytes, at, id)) throw unreadable(bytes, start, end);
      if (at > first) {
        builder.parent(id);
      } else {
        const time = readSeconds(bytes, start, first - 1);
        if (time === undefined) throw unreadable(bytes, start, end);
        builder.commit(id, time);
      }
    }
  };

  return {
    push(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        parseLine(bytes, start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
    },
    end() {
      if (rest.length > 0) throw unreadable(rest, 0, rest.length);
    },
  };
}

function unreadable(bytes: Buffer, start: number, end: number): GitError {
  const text = JSON.stringify(bytes.toString("latin1", start, Math.min(end, start + 200)));
  return new GitError("failed", `git rev-list gave a line that makes no sense: ${text}`);
}
