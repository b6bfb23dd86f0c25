/** Any host: what no other adapter claims is taken for a plain OCI registry. */
export function detectDefault(_host: string): boolean {
  return true;
}
