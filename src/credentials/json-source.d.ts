/** What every supported Node has and the libraries of the compiler do not list yet. Source: ECMAScript, JSON.parse source text access. */
interface JSON {
  /** Stands for a piece of JSON that is written as it is. */
  rawJSON(text: string): unknown;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
}
