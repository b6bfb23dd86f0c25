type JsonType = "null" | "boolean" | "number" | "string" | "list" | "object";

/**
 * Where an answer has another shape than a documented one: a line for each path that is missing, or whose JSON type the
 * documentation does not show. Fields that only the answer has are not looked at; what is `null` in the documentation shows
 * no type. `[]` in a path stands for any item of a list, `{}` for any entry of an object whose keys are digests.
 *
 * To compare only what an adapter reads, give the documented answer as the adapter's schema leaves it.
 */
export function misfitsOf(documented: unknown, answered: unknown): readonly string[] {
  const found = typesByPath(answered);
  return [...typesByPath(documented)].flatMap(([path, shown]) => {
    const types = found.get(path);
    const isTyped = [...shown].some((type) => type !== "null");
    if (types === undefined) return isTyped ? [`${path} is missing`] : [];
    const others = isTyped ? [...types].filter((type) => !shown.has(type)) : [];
    return others.map((type) => `${path} is ${type} instead of ${[...shown].join(" or ")}`);
  });
}

function typesByPath(value: unknown): ReadonlyMap<string, ReadonlySet<JsonType>> {
  const found = new Map<string, Set<JsonType>>();
  collect("$", value);
  return found;

  function collect(path: string, value: unknown): void {
    if (value === undefined) return;
    const types = found.get(path) ?? new Set();
    found.set(path, types.add(typeOf(value)));
    if (Array.isArray(value)) {
      for (const item of value) collect(`${path}[]`, item);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, field] of Object.entries(value)) {
        collect(isDigestKey(key) ? `${path}{}` : `${path}.${key}`, field);
      }
    }
  }
}

function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  const type = typeof value;
  if (type === "boolean" || type === "number" || type === "string") return type;
  return "object";
}

function isDigestKey(key: string): boolean {
  return /^sha(?:256|512):/.test(key);
}
