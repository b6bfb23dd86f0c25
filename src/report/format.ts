const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power] ?? ""}`;
}

/** `1 tag`, `12 tags`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** `2026-01-02 03:04` in UTC; the text itself where it is no time. */
export function formatTime(rfc3339: string): string {
  const time = new Date(rfc3339);
  if (Number.isNaN(time.getTime())) return rfc3339;
  return time.toISOString().slice(0, 16).replace("T", " ");
}

/** A stage's tag is known by its first characters, a digest by those after its algorithm. */
export function shortName(name: string): string {
  if (/^[0-9a-f]{56}/.test(name)) return `${name.slice(0, 8)}…`;
  const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]{12})/.exec(name) ?? [];
  return hex === undefined ? name : `${algorithm}:${hex}…`;
}
