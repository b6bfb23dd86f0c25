import Table from "cli-table3";

import type { Host } from "./host.ts";

/** A table as wide as what is in it; empty without rows. Where the terminal is too narrow, the last column is cut. */
export function table(
  host: Pick<Host, "columns" | "colours">,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const styled = new Table({
    head: [...head],
    colWidths: columnWidths([head, ...rows], host.columns),
    style: {
      compact: true,
      head: host.colours ? ["bold"] : [],
      border: host.colours ? ["grey"] : [],
    },
  });
  for (const row of rows) styled.push([...row]);
  return styled.toString();
}

/** Two spaces of padding and a border. */
const CELL_FRAME = 3;

/** Columns as wide as what is in them, but for the last one where the terminal is too narrow: that one is cut. */
function columnWidths(
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): (number | null)[] {
  if (columns === undefined) return [];
  const widths = (rows[0] ?? []).map((_, place) =>
    Math.max(...rows.map((row) => (row[place] ?? "").length)),
  );
  const last = widths.pop() ?? 0;
  const left = columns - 1 - widths.reduce((sum, width) => sum + width + CELL_FRAME, 0);
  const room = Math.max(left - 1, CELL_FRAME * 4);
  return [...widths.map(() => null), last + CELL_FRAME - 1 > room ? room : null];
}
