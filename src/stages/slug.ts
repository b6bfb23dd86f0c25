import { murmurHash } from "./hash.ts";

/** Most characters of a tag, and of the part of a managed image tag that names the image. */
const MAX_TAG = 128;
const MAX_MANAGED_IMAGE = 114;

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const DASHED = new Set(" &(){}[]-_,.;:=+<>~/＿～");

/** Letters that Unicode decomposition leaves as they are. */
const LETTERS: Readonly<Record<string, string>> = {
  æ: "ae",
  ø: "o",
  ß: "ss",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  œ: "oe",
  ı: "i",
  а: "a",
  б: "b",
  в: "v",
  г: "g",
  д: "d",
  е: "e",
  ж: "zh",
  з: "z",
  и: "i",
  к: "k",
  л: "l",
  м: "m",
  н: "n",
  о: "o",
  п: "p",
  р: "r",
  с: "s",
  т: "t",
  у: "u",
  ф: "f",
  х: "h",
  ц: "c",
  ч: "ch",
  ш: "sh",
  щ: "sch",
  ъ: "",
  ы: "y",
  ь: "",
  э: "e",
  ю: "yu",
  я: "ya",
};

/**
 * Lower case letters, digits and single dashes: punctuation becomes a dash, letters of other scripts their
 * nearest Latin ones, everything else goes. Exact for ASCII; other letters follow Unicode decomposition, not
 * werf's own table of 971 characters.
 */
export function slugify(text: string): string {
  let slug = "";
  for (const character of text) slug += dashOrLetters(character);
  return slug.replaceAll(/-+/g, "-").replaceAll(/^-|-$/g, "");
}

/**
 * `text` itself when it is a slug of at most `limit` characters (or one with a single `--`, as older versions
 * wrote them), else its slug cut short, a dash and the murmur hash of `text`.
 */
export function limitedSlug(text: string, limit: number): string {
  if (text.length <= limit && (slugify(text) === text || isLegacySlug(text))) return text;
  return cutSlug(text, limit);
}

/** `text` itself when it is a tag, else a slug with a hash, at most 128 characters. */
export function tagSlug(text: string): string {
  return TAG.test(text) && text.length <= MAX_TAG ? text : cutSlug(text, MAX_TAG);
}

/** The part of a `managed-image-…` tag that stands for an image name; the empty name is the nameless image. */
export function managedImageId(name: string): string {
  const id =
    name === ""
      ? "__nameless__"
      : name.replaceAll(" ", "__space__").replaceAll("/", "__slash__").replaceAll("+", "__plus__");
  return TAG.test(id) && id.length <= MAX_MANAGED_IMAGE ? id : limitedSlug(id, MAX_MANAGED_IMAGE);
}

/** The image name a managed image id stands for. A name that was stored as a slug comes back as its slug. */
export function managedImageName(id: string): string {
  if (id === "__nameless__") return "";
  return id.replaceAll("__space__", " ").replaceAll("__slash__", "/").replaceAll("__plus__", "+");
}

function cutSlug(text: string, limit: number): string {
  const hash = murmurHash(text);
  const slug = slugify(text);
  if (slug === "") return hash;
  return `${slug.slice(0, limit - hash.length - 1)}-${hash}`;
}

function isLegacySlug(text: string): boolean {
  const parts = text.split("--");
  return parts.length === 2 && slugify(text) === text.replace("--", "-") && parts.every(Boolean);
}

function dashOrLetters(character: string): string {
  if (DASHED.has(character)) return "-";
  const plain = character.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return Array.from(plain)
    .map((letter) => (/[a-z0-9]/.test(letter) ? letter : (LETTERS[letter] ?? "")))
    .join("");
}
