const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

/** Milliseconds since the epoch, whole seconds: `-13h` before `start`, or an RFC 3339 instant. */
export function instant(text: string, start: number): number {
  const match = /^(?<sign>[+-])(?<count>[0-9]+)(?<unit>[dhm])$/.exec(text)?.groups;
  const unit = UNIT_MS[match?.["unit"] ?? ""];
  const at =
    match === undefined || unit === undefined
      ? Date.parse(text)
      : start + (match["sign"] === "-" ? -1 : 1) * Number(match["count"]) * unit;
  if (Number.isNaN(at)) throw new Error(`"${text}" is no time`);
  return Math.floor(at / 1000) * 1000;
}
