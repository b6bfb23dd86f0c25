import { spawn } from "node:child_process";
import { once } from "node:events";

export interface HistorySize {
  readonly commits: number;
  /** References; of ten, eight are branches, one is a lightweight and one an annotated tag. */
  readonly references: number;
}

/** Lines of development that go on side by side. */
const LANES = 8;

/**
 * Fills the empty repository at `dir` with a history as a busy project has one: lines of development side by side,
 * every sixth commit or so a merge, references at the end of each line and spread over all of it.
 */
export async function generateHistory(dir: string, size: HistorySize): Promise<void> {
  const child = spawn("git", ["-C", dir, "fast-import", "--quiet", "--force", "--done"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = once(child, "close");
  const random = createRandom(20_240_601);
  const lanes = Array.from({ length: LANES }, () => 1);
  const pick = (): number => Math.floor(random() * LANES);
  for (let commit = 1; commit <= size.commits; commit += 1) {
    const lane = pick();
    const merged = random() < 0.17 ? lanes[pick()] : undefined;
    const parents =
      commit === 1 ? [] : [...new Set([lanes[lane] ?? 1, merged ?? lanes[lane] ?? 1])];
    const seconds = 1_500_000_000 + commit * 600 + Math.floor(random() * 3000);
    if (!child.stdin.write(commitLines(commit, parents, seconds))) await once(child.stdin, "drain");
    lanes[lane] = commit;
  }
  for (let reference = 0; reference < size.references; reference += 1) {
    const spread = size.commits - Math.floor((reference * size.commits) / size.references);
    child.stdin.write(referenceLines(reference, lanes[reference] ?? spread));
  }
  child.stdin.end(
    "reset refs/heads/import\nfrom 0000000000000000000000000000000000000000\n\ndone\n",
  );
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with exit code ${code}`);
}

function commitLines(commit: number, parents: readonly number[], seconds: number): string {
  const message = `Change number ${commit}\n`;
  const [first, second] = parents;
  return [
    "commit refs/heads/import",
    `mark :${commit}`,
    `author A Person <person@example.org> ${seconds} +0000`,
    `committer A Person <person@example.org> ${seconds} +0000`,
    `data ${message.length}`,
    message + (first === undefined ? "" : `from :${first}`),
    ...(second === undefined ? [] : [`merge :${second}`]),
    `M 100644 inline file-${commit % 50}`,
    `data ${String(commit).length}`,
    `${commit}\n`,
  ].join("\n");
}

function referenceLines(reference: number, commit: number): string {
  switch (reference % 10) {
    case 8:
      return `reset refs/tags/light-${reference}\nfrom :${commit}\n\n`;
    case 9:
      return `tag v1.${reference}\nfrom :${commit}\ntagger A Person <person@example.org> 1700000000 +0000\ndata 0\n\n`;
    default:
      return `reset refs/heads/feature/${reference}\nfrom :${commit}\n\n`;
  }
}

/** Numbers from 0 to 1, the same in every run. Source: the "mulberry32" generator. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
