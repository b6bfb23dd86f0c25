/** Where the lines of a drawn history run in one row. Numbers are columns, from 0. */
export interface Lanes {
  /** Where the commit stands. */
  readonly column: number;
  /** Lines that pass the row. */
  readonly through: readonly number[];
  /** Lines from above that end in the commit. */
  readonly ends: readonly number[];
  /** Lines that leave the commit for below. */
  readonly starts: readonly number[];
}

/**
 * Lays out a history, children before their parents. A line keeps its column until the commit that it leads to; the first
 * parent goes on in the column of its child.
 *
 * @param parents What each commit of the rows leads to; others are not drawn.
 */
export function drawLanes(
  rows: readonly number[],
  parents: ReadonlyMap<number, readonly number[]>,
): readonly Lanes[] {
  const shown = new Set(rows);
  /** By column, the commit that its line leads to. */
  const open: (number | undefined)[] = [];

  return rows.map((commit) => {
    const ends = columnsTo(commit);
    const column = ends[0] ?? freeColumn();
    for (const end of ends) open[end] = undefined;
    const through = open.flatMap((target, at) => (target === undefined ? [] : [at]));
    const starts = (parents.get(commit) ?? [])
      .filter((parent) => shown.has(parent))
      .map((parent, rank) => start(parent, rank === 0 ? column : undefined));
    return { column, through, ends, starts };
  });

  function columnsTo(commit: number): number[] {
    return open.flatMap((target, at) => (target === commit ? [at] : []));
  }

  /** A first parent goes on below its child, unless a line further left leads there; others join a line that does. */
  function start(parent: number, own: number | undefined): number {
    const [joined] = columnsTo(parent);
    const at = Math.min(joined ?? Infinity, own ?? joined ?? freeColumn());
    open[at] = parent;
    return at;
  }

  function freeColumn(): number {
    const free = open.indexOf(undefined);
    return free < 0 ? open.length : free;
  }
}
