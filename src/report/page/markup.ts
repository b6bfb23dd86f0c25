import { visible } from "../visible.ts";

/** Text that is HTML already. Everything else is escaped where it is put into a template. */
export interface Markup {
  readonly html: string;
}

type Value = Markup | string | number | readonly Markup[];

/** A template whose values are escaped, unless they are markup. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const parts = strings.map((text, place) => text + render(values[place] ?? ""));
  return { html: parts.join("") };
}

/** Takes text for markup. Only for what this program wrote itself. */
export function trusted(text: string): Markup {
  return { html: text };
}

export const NOTHING: Markup = { html: "" };

/** A value as JSON that may stand in a script element, whatever it contains. */
export function scriptJson(value: unknown): Markup {
  return { html: JSON.stringify(value).replaceAll("<", "\\u003c") };
}

function render(value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return escape(visible(value));
  return "html" in value ? value.html : value.map((part) => part.html).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
