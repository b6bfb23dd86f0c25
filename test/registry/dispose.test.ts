import { expect, it } from "vitest";

import { disposeAll } from "../../src/registry/dispose.ts";
import { RegistryError } from "../../src/registry/error.ts";

it("each gets its turn though those before it fail", async () => {
  const done: number[] = [];
  const one = (at: number): AsyncDisposable => ({
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      done.push(at);
      if (at < 3) throw new RegistryError("denied", `no ${at}`, { hint: `try ${at}` });
    },
  });

  await expect(disposeAll([1, 2, 3].map(one))).rejects.toMatchObject({
    code: "denied",
    message: "no 1\ntry 1\nno 2\ntry 2",
  });
  expect(done).toEqual([1, 2, 3]);
});

it("what fails alone is thrown as it is, even where it throws at once", async () => {
  const failure = new Error("no");
  const failing: AsyncDisposable = {
    [Symbol.asyncDispose]() {
      throw failure;
    },
  };

  await expect(disposeAll([failing])).rejects.toBe(failure);
});
