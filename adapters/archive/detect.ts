/** An archive is addressed as `archive:FILE`; the scheme stands where a registry has its host. */
export function detectArchive(host: string): boolean {
  return host === "archive";
}
