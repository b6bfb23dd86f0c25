/** Numbers one after another, kept as eight bytes each. */
export interface NumberList {
  readonly length: number;
  push(value: number): void;
  /** 0 where nothing was pushed. */
  at(index: number): number;
  toFloat64(): Float64Array;
  /** For numbers that are integers from 0 to 2^32 - 1. */
  toUint32(): Uint32Array;
}

export function createNumberList(capacity = 1024): NumberList {
  let values = new Float64Array(capacity);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const larger = new Float64Array(length * 2);
        larger.set(values);
        values = larger;
      }
      values[length] = value;
      length += 1;
    },
    at: (index) => values[index] ?? 0,
    toFloat64: () => values.slice(0, length),
    toUint32: () => new Uint32Array(values.subarray(0, length)),
  };
}
