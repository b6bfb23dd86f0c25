import { AsyncLocalStorage } from "node:async_hooks";

const ahead = new AsyncLocalStorage<number>();

/** Gives what runs in `runAhead` a clock of its own, in this whole process. What the system tells by itself stays. */
export function installClocks(): void {
  const Real = globalThis.Date;
  const now = (): number => Real.now() + (ahead.getStore() ?? 0);
  globalThis.Date = new Proxy(Real, {
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
    apply: () => new Real(now()).toString(),
  });
}

/** Runs something by a clock that is ahead. Milliseconds; less than 0: behind. */
export function runAhead<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  return ahead.run(ms, work);
}
