import { RegistryError, isRegistryError } from "./error.ts";

/** Disposes of all at once. Each gets its turn though another one fails; rejects with what failed. */
export async function disposeAll(all: Iterable<AsyncDisposable>): Promise<void> {
  const settled = await Promise.allSettled(
    Array.from(all, async (one) => {
      await one[Symbol.asyncDispose]();
    }),
  );
  const failures = settled.flatMap((one): unknown[] =>
    one.status === "rejected" ? [one.reason] : [],
  );
  if (failures.length > 0) throw asOne(failures);
}

/** Several failures as one error, each with what to do about it on lines of its own. A single one is answered as it is. */
function asOne(failures: readonly unknown[]): unknown {
  const [first, ...more] = failures;
  if (more.length === 0) return first;
  const message = failures.flatMap(linesOf).join("\n");
  const cause = new AggregateError(failures, message);
  return isRegistryError(first) ? new RegistryError(first.code, message, { cause }) : cause;
}

function linesOf(failure: unknown): readonly string[] {
  if (!isRegistryError(failure)) return [String(failure)];
  const { message, hint } = failure;
  return hint === undefined ? [message] : [message, hint];
}
