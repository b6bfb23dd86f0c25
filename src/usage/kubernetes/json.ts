/** The value at a path of fields; `undefined` where any of them is missing. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const field of path) {
    if (!isObject(here)) return undefined;
    here = here[field];
  }
  return here;
}

/** The text at a path; `undefined` for anything else than a text that is not empty. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The list at a path; empty for anything else. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
