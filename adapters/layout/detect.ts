/** A directory is addressed as `oci:PATH`; the scheme stands where a registry has its host. */
export function detectLayout(host: string): boolean {
  return host === "oci";
}
