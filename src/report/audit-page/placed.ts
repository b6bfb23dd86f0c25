/** Values that many rows have, each once; rows name them by their place. */
export interface Placed<Value extends string = string> {
  /** In the order of their first use. */
  readonly values: readonly Value[];
  place(value: Value): number;
  /** -1 for none. */
  placeOf(value: Value | undefined): number;
}

export function placed<Value extends string = string>(): Placed<Value> {
  const values: Value[] = [];
  const places = new Map<Value, number>();
  const place = (value: Value): number => {
    const known = places.get(value) ?? values.push(value) - 1;
    places.set(value, known);
    return known;
  };
  return { values, place, placeOf: (value) => (value === undefined ? -1 : place(value)) };
}
