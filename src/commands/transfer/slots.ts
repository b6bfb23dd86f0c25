/** Runs work as soon as there is room for it. */
export type Slots = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Room for `limit` pieces of work at a time, whoever brings them; first come, first served. */
export function createSlots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let free = limit;

  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
