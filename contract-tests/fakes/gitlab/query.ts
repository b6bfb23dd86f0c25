/** One field of a GraphQL selection, its variables replaced by their values. */
export interface Field {
  readonly name: string;
  /** The name of the answer's entry. */
  readonly alias: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: readonly Field[];
}

export interface Operation {
  readonly kind: "query" | "mutation";
  readonly fields: readonly Field[];
}

/** A document that GraphQL does not allow. */
export class BadQuery extends Error {
  override readonly name = "BadQuery";
}

/** Reads a document of one named operation without fragments and directives. Source: GraphQL specification. */
export function readQuery(text: string, variables: Readonly<Record<string, unknown>>): Operation {
  const tokens = text.match(/\$?[A-Za-z_]\w*|-?\d+|"(?:[^"\\]|\\.)*"|[^\s,]/g) ?? [];
  let at = 0;
  const kind = take();
  if (kind !== "query" && kind !== "mutation")
    throw new BadQuery(`Expected an operation, got ${kind}`);
  take();
  const declared = readDeclarations();
  for (const name of Object.keys(variables)) {
    if (!declared.has(name)) throw new BadQuery(`Variable $${name} is provided but not declared`);
  }
  const fields = readFields();
  if (at !== tokens.length) throw new BadQuery("Expected the end of the document");
  return { kind, fields };

  function take(expected?: string): string {
    const token = tokens[at++];
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new BadQuery(`Expected ${expected ?? "more"}, got ${token ?? "the end"}`);
    }
    return token;
  }

  function readDeclarations(): ReadonlySet<string> {
    const names = new Set<string>();
    if (tokens[at] !== "(") return names;
    take("(");
    while (tokens[at] !== ")") {
      const name = take().slice(1);
      take(":");
      let type = "";
      while (tokens[at] !== ")" && tokens[at]?.startsWith("$") !== true) type += take();
      const value = variables[name];
      if (type.endsWith("!") && (value === undefined || value === null)) {
        throw new BadQuery(`Variable $${name} of type ${type} was provided invalid value`);
      }
      names.add(name);
    }
    take(")");
    return names;
  }

  function readFields(): Field[] {
    const found: Field[] = [];
    take("{");
    while (tokens[at] !== "}") {
      const first = take();
      const isAliased = tokens[at] === ":";
      if (isAliased) take(":");
      const name = isAliased ? take() : first;
      const args = tokens[at] === "(" ? readObject("(", ")") : {};
      const below = tokens[at] === "{" ? readFields() : [];
      found.push({ name, alias: first, args, fields: below });
    }
    take("}");
    return found;
  }

  function readObject(open: string, close: string): Record<string, unknown> {
    const read: Record<string, unknown> = {};
    take(open);
    while (tokens[at] !== close) {
      const name = take();
      take(":");
      read[name] = readValue();
    }
    take(close);
    return read;
  }

  function readValue(): unknown {
    if (tokens[at] === "{") return readObject("{", "}");
    const token = take();
    if (token.startsWith("$")) {
      const name = token.slice(1);
      if (!declared.has(name)) throw new BadQuery(`Variable $${name} is used but not declared`);
      return variables[name];
    }
    if (/^-?\d+$/.test(token)) return Number(token);
    return token.startsWith('"') ? JSON.parse(token) : token;
  }
}
