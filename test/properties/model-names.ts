/** What a tag is by its name, read apart from the product. Source: werf 2, formats of tags. */
export type Name =
  | { readonly is: "stage"; readonly time: number }
  | { readonly is: "index" | "service" | "alias-record" | "import-record" | "other" }
  | { readonly is: "rejected"; readonly stage: string }
  | { readonly is: "managed"; readonly image: string }
  | {
      readonly is: "record";
      readonly image: string;
      readonly commit: string;
      readonly stage: string;
    }
  | { readonly is: "signature"; readonly subject: string };

export function nameOf(tag: string): Name {
  const parts = tag.split("-");
  const [first = "", second = ""] = parts;
  if (isHex(first, 56)) {
    if (parts.length === 1) return { is: "index" };
    if (/^\d{13}$/.test(second)) {
      if (parts.length === 2) return { is: "stage", time: Number(second) };
      if (parts.length === 3 && parts[2] === "rejected") {
        return { is: "rejected", stage: `${first}-${second}` };
      }
    }
  }
  if (first === "meta") {
    const [image = "", commit = "", stage = "", ...more] = tag.slice("meta-".length).split("_");
    const { is } = nameOf(stage);
    if (more.length === 0 && isHex(commit, 40) && (is === "stage" || is === "index")) {
      return { is: "record", image, commit, stage };
    }
  }
  const signature = /^sha256-(.{64})(\.sig|\.att|\.sbom|)$/.exec(tag)?.[1] ?? "";
  if (isHex(signature, 64)) return { is: "signature", subject: `sha256:${signature}` };
  if (tag.startsWith("managed-image-")) {
    return { is: "managed", image: tag.slice("managed-image-".length) };
  }
  if (tag.startsWith("custom-tag-meta-")) return { is: "alias-record" };
  if (tag.startsWith("import-metadata-")) return { is: "import-record" };
  if (tag === "cleanup" || tag === "sync-server" || /^client-id-.*-\d+$/.test(tag)) {
    return { is: "service" };
  }
  return { is: tag.startsWith("tidemark-lease-") ? "service" : "other" };
}

function isHex(text: string, length: number): boolean {
  return text.length === length && /^[0-9a-f]*$/.test(text);
}
