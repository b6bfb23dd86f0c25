/** What is wrong at one place of a configuration file. */
export interface Problem {
  /** 1-based. Absent when the whole file is meant. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** `cleanup.keepPolicies[0].references.branch`; empty for the file or its top level. */
  readonly path: string;
  /** What is wrong, and in parentheses what to do; one line. */
  readonly text: string;
}

/** An unusable configuration. The message names every problem, one a line: `file:line:column: path: text`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(file, problem)).join("\n"));
    this.problems = problems;
  }
}

function formatProblem(file: string, { line, column, path, text }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return path === "" ? `${place}: ${text}` : `${place}: ${path}: ${text}`;
}
