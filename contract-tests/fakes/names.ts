/** The specification's grammar, written down apart from the code under test. Source: distribution-spec 1.1, "Pulling manifests". */

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const MAX_NAME_LENGTH = 255;

export function isName(text: string): boolean {
  return NAME.test(text) && text.length <= MAX_NAME_LENGTH;
}

export function isTagName(text: string): boolean {
  return TAG.test(text);
}

/** What a path below `/v2/` asks for. */
export type Route =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "manifest"; readonly name: string; readonly reference: string }
  | { readonly kind: "tags"; readonly name: string }
  | { readonly kind: "referrers"; readonly name: string; readonly digest: string }
  | { readonly kind: "blob"; readonly name: string; readonly digest: string }
  | { readonly kind: "uploads"; readonly name: string }
  | { readonly kind: "upload"; readonly name: string; readonly id: string };

/** `undefined`: no such path in the specification. */
export function routeOf(path: string): Route | undefined {
  if (path === "/v2/" || path === "/v2") return { kind: "base" };
  if (path === "/v2/_catalog") return { kind: "catalog" };
  const below = /^\/v2\/(.+)$/.exec(path)?.[1];
  if (below === undefined) return undefined;
  const parts = below.split("/");
  const last = parts.at(-1) ?? "";
  const before = parts.at(-2);
  const name = (components: number): string => parts.slice(0, -components).join("/");
  if (before === "uploads" && parts.at(-3) === "blobs") {
    return last === ""
      ? { kind: "uploads", name: name(3) }
      : { kind: "upload", name: name(3), id: last };
  }
  if (before === "manifests") return { kind: "manifest", name: name(2), reference: last };
  if (before === "tags" && last === "list") return { kind: "tags", name: name(2) };
  if (before === "referrers") return { kind: "referrers", name: name(2), digest: last };
  if (before === "blobs") return { kind: "blob", name: name(2), digest: last };
  return undefined;
}
