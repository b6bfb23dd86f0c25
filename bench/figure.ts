import Table from "cli-table3";

/** One figure of a measurement, held against what design.md section 7 allows. */
export interface Figure {
  /** What was done: `--version, from source`. */
  readonly work: string;
  readonly figure: string;
  /** Absent where the figure only explains another one. */
  readonly budget?: string;
  /** Absent without a budget. */
  readonly isMet?: boolean;
}

/** A figure with a budget that is a greatest value. */
export function atMost(
  work: string,
  value: number,
  budget: number,
  format: (value: number) => string,
): Figure {
  return { work, figure: format(value), budget: `≤ ${format(budget)}`, isMet: value <= budget };
}

/** A figure with a budget that is a least value. */
export function atLeast(
  work: string,
  value: number,
  budget: number,
  format: (value: number) => string,
): Figure {
  return { work, figure: format(value), budget: `≥ ${format(budget)}`, isMet: value >= budget };
}

export function printFigures(figures: readonly Figure[]): void {
  const table = new Table({
    head: ["measurement", "figure", "budget", ""],
    style: { head: [], border: [], compact: true },
  });
  for (const { work, figure, budget = "–", isMet } of figures) {
    table.push([work, figure, budget, isMet === undefined ? "" : isMet ? "met" : "MISSED"]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** The middle value; of an even number of values the upper of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

export function perSecond(value: number): string {
  return `${value.toFixed(0)} /s`;
}

export function ratio(value: number): string {
  return value.toFixed(2);
}
